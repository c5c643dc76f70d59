import { isJsonObject, type JsonObject, type JsonValue } from '../../../services/json.ts';
import { foreignJson } from '../foreign-json.ts';

/** Version of `@statelyai/inspect` whose messages these are. */
export const statelyVersion = '0.7.2';

/** State of an actor, as far as a machine has one. */
export interface StatelySnapshot {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
}

interface Common {
  readonly sessionId: string;
  readonly rootId?: string | undefined;
  /** Unix milliseconds. */
  readonly createdAt: string;
  readonly id: null;
  readonly _version: string;
}

/** One message of `@statelyai/inspect`. */
export type StatelyEvent =
  | (Common & {
      readonly type: '@xstate.actor';
      readonly name: string;
      readonly parentId?: string | undefined;
      /** The machine's config as JSON. */
      readonly definition?: string | undefined;
      readonly snapshot: StatelySnapshot;
    })
  | (Common & { readonly type: '@xstate.event'; readonly event: JsonValue; readonly sourceId?: string | undefined })
  | (Common & { readonly type: '@xstate.snapshot'; readonly event: JsonValue; readonly snapshot: StatelySnapshot });

const isText = (value: unknown): boolean => typeof value === 'string';

/** What else a message of each type needs so that it can be read. */
const shapes: Readonly<Record<StatelyEvent['type'], (event: JsonObject) => boolean>> = {
  '@xstate.actor': ({ name, snapshot }) => isText(name) && isJsonObject(snapshot),
  '@xstate.event': () => true,
  '@xstate.snapshot': ({ snapshot }) => isJsonObject(snapshot),
};

const isType = (value: JsonValue | undefined): value is StatelyEvent['type'] =>
  typeof value === 'string' && Object.hasOwn(shapes, value);

/** Reads a message; `undefined` for one that is none of `@statelyai/inspect`. */
export const statelyEventIn = (text: string): StatelyEvent | undefined => {
  const event = foreignJson(text);
  if (!isJsonObject(event) || !isText(event['sessionId']) || !isType(event['type'])) return undefined;
  return shapes[event['type']](event) ? (event as unknown as StatelyEvent) : undefined;
};
