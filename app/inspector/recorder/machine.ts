import type { AnyActorRef, AnyEventObject, AnyMachineSnapshot, AnyTransitionDefinition } from 'xstate';
import type { JsonText } from './json-text.ts';

/** Steps of one machine that are recorded in a second; what is above is counted. */
export const maxStepsPerSecond = 2000;
/** Events of one machine whose senders are remembered until it takes them. */
const maxPending = 1000;

/** What the lines about machines are written with. */
export interface LineParts {
  /** The time now, as lines have it. */
  readonly at: () => number;
  readonly write: (line: string) => void;
  readonly json: JsonText;
  /** When a delayed event is due, as lines have it. */
  readonly dueOf: (scheduled: ScheduledEvent) => number;
}

/** A delayed event, as XState's scheduler has it. */
export interface ScheduledEvent {
  readonly source: AnyActorRef;
  readonly event: AnyEventObject;
  readonly delay: number;
}

/** A machine's place among the others. */
export interface Place {
  readonly ref: AnyActorRef;
  readonly index: number;
  readonly path: string;
  readonly parent: number;
  readonly hash: string;
}

interface Step {
  readonly event: AnyEventObject;
  readonly snapshot: AnyMachineSnapshot;
}

/** Members of an object that are JSON already. */
type Members = Iterable<readonly [name: string, text: string]>;

const objectText = (members: Members, json: JsonText): string =>
  `{${Array.from(members, ([name, text]) => `${json.text(name)}:${text}`).join(',')}}`;

const pathText = ({ path }: { readonly path: readonly string[] }): string => path.join('.');

const edgesBy = new WeakMap<AnyTransitionDefinition, readonly string[]>();

/** The lines of a chart that a transition takes: `from>to`, none for one without a target. */
const edgesOf = (transition: AnyTransitionDefinition): readonly string[] => {
  const known = edgesBy.get(transition);
  if (known) return known;
  const from = pathText(transition.source);
  const edges = (transition.target ?? []).map((target) => `${from}>${pathText(target)}`);
  edgesBy.set(transition, edges);
  return edges;
};

const scheduledFor = (ref: AnyActorRef): ScheduledEvent[] => {
  const { _snapshot: system } = ref.system as unknown as {
    _snapshot?: { _scheduledEvents: Record<string, ScheduledEvent> };
  };
  const { _scheduledEvents: events = {} } = system ?? {};
  return Object.values(events).filter(({ source }) => source === ref);
};

/** A machine as its lines have shown it so far. */
export class RecordedMachine {
  readonly place: Place;
  readonly #parts: LineParts;
  readonly #pending: { readonly event: AnyEventObject; readonly from: number }[] = [];
  #edges: string[] = [];
  /** Whether a transition since the last line has a target, so that the value may have changed. */
  #hasMoved = true;
  #value = '""';
  #context: object = {};
  /** The context's keys, as JSON. */
  readonly #shown = new Map<string, string>();
  #status: AnyMachineSnapshot['status'] = 'active';
  #due = '[]';
  /** Steps in this second. */
  #steps = 0;
  #skipped = 0;
  /** The newest step without a line. */
  #unwritten: Step | undefined;

  constructor(place: Place, parts: LineParts) {
    this.place = place;
    this.#parts = parts;
  }

  /** An event is on its way to the machine. */
  sent(event: AnyEventObject, from: number): void {
    this.#pending.push({ event, from });
    if (this.#pending.length > maxPending) this.#pending.shift();
  }

  /** The machine has taken transitions; a step follows. */
  took(transitions: readonly AnyTransitionDefinition[]): void {
    for (const transition of transitions) {
      const edges = edgesOf(transition);
      if (edges.length > 0) this.#hasMoved = true;
      this.#edges.push(...edges);
    }
  }

  /** The machine is done with an event. @returns Whether it goes on. */
  step(event: AnyEventObject, snapshot: AnyMachineSnapshot): boolean {
    const from = this.#senderOf(event);
    const isActive = snapshot.status === 'active';
    this.#steps += 1;
    if (this.#steps > maxStepsPerSecond && isActive) {
      this.#skipped += 1;
      this.#edges = [];
      this.#unwritten = { event, snapshot };
      return true;
    }
    this.#writeSkipped();
    this.#write({ event, snapshot }, from);
    return isActive;
  }

  /** The machine has failed, which is no step: its parent hears of it. */
  fail(event: AnyEventObject): void {
    this.#writeSkipped();
    const { at, write } = this.#parts;
    write(`["s",${at()},${this.place.index},-1,${this.#eventText(event)},0,0,0,"error"]`);
  }

  /** A second is over. */
  tick(): void {
    this.#steps = 0;
    this.#writeSkipped();
  }

  /** Where it stands, as an item of a checkpoint. */
  checkpoint(): string {
    const { json } = this.#parts;
    const { index, path, parent, hash } = this.place;
    const context = objectText(this.#shown, json);
    return `[${index},${json.text(path)},${parent},"${hash}",${this.#value},${context},"${this.#status}",${this.#due}]`;
  }

  /** @returns The sender of an event that the machine has taken. */
  #senderOf(event: AnyEventObject): number {
    const index = this.#pending.findIndex((one) => one.event === event);
    if (index < 0) return -1;
    return this.#pending.splice(0, index + 1).at(-1)?.from ?? -1;
  }

  /** Writes where the machine stands after steps that were passed over. */
  #writeSkipped(): void {
    const { at, write } = this.#parts;
    const [unwritten, passedOver] = [this.#unwritten, this.#skipped - 1];
    this.#unwritten = undefined;
    this.#skipped = 0;
    if (!unwritten) return;
    this.#write(unwritten, -1);
    if (passedOver > 0) write(`["sampled",${at()},${this.place.index},${passedOver}]`);
  }

  #write({ event, snapshot }: Step, from: number): void {
    const { at, write, json } = this.#parts;
    const { status } = snapshot;
    const edges = this.#edges.splice(0);
    const end = status !== this.#status && status !== 'active' ? `,"${status}"` : '';
    const taken = edges.length === 0 ? '0' : `[${Array.from(new Set(edges), json.text).join(',')}]`;
    const tail = taken === '0' && end === '' ? '' : `,${taken}${end}`;
    this.#status = status;
    const now = `${this.#valueText(snapshot)},${this.#changedText(snapshot.context as object)}`;
    write(`["s",${at()},${this.place.index},${from},${this.#eventText(event)},${now}${tail}]`);
    this.#writeTimers();
  }

  #eventText(event: AnyEventObject): string {
    const { type, ...fields } = event;
    const { json } = this.#parts;
    // What a machine begins with is in its context.
    if (type === 'xstate.init' || Object.keys(fields).length === 0) return json.text(type);
    return json({ type, ...fields });
  }

  #valueText({ value }: AnyMachineSnapshot): string {
    if (!this.#hasMoved) return '0';
    this.#hasMoved = false;
    const text = JSON.stringify(value);
    if (text === this.#value) return '0';
    this.#value = text;
    return text;
  }

  #changedText(context: object): string {
    const before = this.#context;
    if (context === before) return '0';
    const { json } = this.#parts;
    this.#context = context;
    const changed: [string, string][] = [];
    for (const name of Object.keys(context)) {
      const value: unknown = Reflect.get(context, name);
      if (this.#shown.has(name) && Object.is(value, Reflect.get(before, name))) continue;
      const text = json(value);
      if (text === this.#shown.get(name)) continue;
      this.#shown.set(name, text);
      changed.push([name, text]);
    }
    for (const name of this.#shown.keys()) {
      if (name in context) continue;
      this.#shown.delete(name);
      changed.push([name, 'null']);
    }
    return changed.length === 0 ? '0' : objectText(changed, json);
  }

  #writeTimers(): void {
    const { at, write, json, dueOf } = this.#parts;
    const { ref, index } = this.place;
    const text = `[${scheduledFor(ref)
      .map((one) => `[${json.text(one.event.type)},${dueOf(one)}]`)
      .join(',')}]`;
    if (text === this.#due) return;
    this.#due = text;
    write(`["timers",${at()},${index},${text}]`);
  }
}
