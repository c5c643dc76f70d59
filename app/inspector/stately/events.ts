import type { JsonValue } from '../../../services/json.ts';

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

const types: readonly unknown[] = ['@xstate.actor', '@xstate.event', '@xstate.snapshot'];

/** Reads a message; `undefined` for one that is none of `@statelyai/inspect`. */
export const statelyEventIn = (text: string): StatelyEvent | undefined => {
  try {
    const event = JSON.parse(text) as StatelyEvent | null;
    const isOne = types.includes(event?.type) && typeof event?.sessionId === 'string';
    return isOne ? event : undefined;
  } catch {
    return undefined;
  }
};
