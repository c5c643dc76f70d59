import type { JsonValue } from '../../../services/json.ts';
import { lineIn } from '../replay/shapes.ts';
import type { ActorLine, CheckpointLine, RunLine, StepLine, WireLine } from '../wire.ts';
import { statelyVersion, type StatelyEvent } from './events.ts';

interface Actor {
  readonly index: number;
  readonly path: string;
  readonly parent: number;
  readonly hash: string;
  value: JsonValue | undefined;
  context: Readonly<Record<string, JsonValue>>;
  status: string;
  /** Whether the receiver knows it. */
  isTold: boolean;
}

const withType = (event: StepLine[4]): JsonValue => (typeof event === 'string' ? { type: event } : { ...event });

/** Turns the lines of a unit into messages for a receiver of `@statelyai/inspect`. */
export class StatelyUnit {
  readonly #id: string;
  #run = 0;
  #startedAt = 0;
  readonly #charts = new Map<string, JsonValue>();
  readonly #actors = new Map<number, Actor>();

  constructor(id: string) {
    this.#id = id;
  }

  /** Takes a line. @returns What it is to a receiver who knows all before. */
  take(text: string): StatelyEvent[] {
    const line = lineIn(text);
    return line ? this.#take(line) : [];
  }

  /** Tells a receiver who knows nothing what there is. */
  tell(): StatelyEvent[] {
    return [...this.#actors.values()]
      .filter(({ value }) => value !== undefined)
      .map((actor) => this.#actorEvent(actor));
  }

  #take(line: WireLine): StatelyEvent[] {
    if (line[0] === 's') return this.#step(line);
    if (line[0] === 'k') return this.#checkpoint(line);
    if (line[0] === 'run') this.#begin(line);
    else if (line[0] === 'chart') this.#charts.set(line[1], line[3]);
    else if (line[0] === 'actor') this.#add(line);
    return [];
  }

  #begin([, { startedAt }]: RunLine): void {
    this.#run += 1;
    this.#startedAt = startedAt;
    this.#charts.clear();
    this.#actors.clear();
  }

  #add([, , index, path, parent, hash]: ActorLine): void {
    const fresh = { value: undefined, context: {}, status: 'active', isTold: false };
    this.#actors.set(index, { index, path, parent, hash, ...fresh });
  }

  #step([, at, index, from, event, value, changed, , status]: StepLine): StatelyEvent[] {
    const actor = this.#actors.get(index);
    if (!actor) return [];
    if (value !== 0) actor.value = value as JsonValue;
    if (changed !== 0) actor.context = { ...actor.context, ...changed };
    if (status !== undefined) actor.status = status;
    const told = actor.isTold ? [] : [this.#actorEvent(actor)];
    const common = this.#common(index, at);
    const source = from < 0 ? {} : { sourceId: this.#session(from) };
    return [
      ...told,
      { ...common, type: '@xstate.event', event: withType(event), ...source },
      { ...common, type: '@xstate.snapshot', event: withType(event), snapshot: this.#snapshot(actor) },
    ];
  }

  #checkpoint([, , actors]: CheckpointLine): StatelyEvent[] {
    for (const [index, path, parent, hash, value, context, status] of actors) {
      const known = this.#actors.get(index) ?? { index, path, parent, hash, isTold: false };
      this.#actors.set(index, { ...known, value, context, status });
    }
    return [...this.#actors.values()].filter(({ isTold }) => !isTold).map((actor) => this.#actorEvent(actor));
  }

  #actorEvent(actor: Actor): StatelyEvent {
    actor.isTold = true;
    const { index, path, parent, hash } = actor;
    const definition = this.#charts.get(hash);
    return {
      ...this.#common(index, 0),
      type: '@xstate.actor',
      name: path.slice(path.lastIndexOf('/') + 1),
      ...(parent >= 0 && { parentId: this.#session(parent) }),
      definition: JSON.stringify(definition ?? { id: path }),
      snapshot: this.#snapshot(actor),
    };
  }

  #snapshot({ status, value, context }: Actor) {
    return { status, value, context };
  }

  #session(index: number): string {
    return `${this.#id}:${this.#run}:${index}`;
  }

  #common(index: number, at: number) {
    return {
      sessionId: this.#session(index),
      rootId: this.#session(0),
      createdAt: String(Math.round(this.#startedAt + at)),
      id: null,
      _version: statelyVersion,
    };
  }
}
