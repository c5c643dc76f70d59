import {
  StateMachine,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type InspectedEventEvent,
  type InspectionEvent,
} from 'xstate';
import { chartTextOf } from './chart-text.ts';
import { RecordedMachine, type LineParts, type ScheduledEvent } from './machine.ts';

const isMachine = (logic: unknown): logic is AnyStateMachine =>
  logic instanceof StateMachine ||
  // One of another copy of XState in the same process.
  (typeof logic === 'object' && logic !== null && 'config' in logic && 'getTransitionData' in logic);

const isMachineSnapshot = (snapshot: unknown): snapshot is AnyMachineSnapshot =>
  typeof snapshot === 'object' && snapshot !== null && 'value' in snapshot && 'context' in snapshot;

/** The actor that made another; `undefined` for a root. */
export const parentOf = ({ _parent: parent }: AnyActorRef): AnyActorRef | undefined => parent;

/** Knows when delayed events are due by the clock of the lines: XState notes the time by one that may jump. */
const createDueTimes = (at: () => number) => {
  const known = new WeakMap<ScheduledEvent, number>();
  return (scheduled: ScheduledEvent): number => {
    const before = known.get(scheduled);
    if (before !== undefined) return before;
    const due = Math.round(at() + scheduled.delay);
    known.set(scheduled, due);
    return due;
  };
};

/** The machines of a run, in the order of their creation. */
const createTree = (parts: LineParts) => {
  const { at, write, json } = parts;
  const byRef = new Map<AnyActorRef, RecordedMachine>();
  const charts = new Set<string>();
  let created = 0;
  return {
    byRef,
    clear: () => {
      byRef.clear();
      charts.clear();
      created = 0;
    },
    add: (ref: AnyActorRef, parent?: RecordedMachine) => {
      const { logic } = ref as { logic?: unknown };
      if (!isMachine(logic)) return;
      const { hash, id, json: chart } = chartTextOf(logic);
      if (hash !== '' && !charts.has(hash)) write(`["chart","${hash}",${json.text(id)},${chart}]`);
      charts.add(hash);
      const path = parent ? `${parent.place.path}/${ref.id}` : ref.id;
      const place = { ref, index: created, path, parent: parent?.place.index ?? -1, hash };
      created += 1;
      byRef.set(ref, new RecordedMachine(place, parts));
      write(`["actor",${at()},${place.index},${json.text(path)},${place.parent},"${hash}"]`);
    },
  };
};

/** Turns the inspection events of a tree of actors into lines about its machines. */
export const createMachines = (given: Omit<LineParts, 'dueOf'>) => {
  const tree = createTree({ ...given, dueOf: createDueTimes(given.at) });
  const { byRef } = tree;

  const passEvent = ({ event, sourceRef }: InspectedEventEvent, machine: RecordedMachine | undefined) => {
    const source = sourceRef && byRef.get(sourceRef as AnyActorRef);
    if (source && event.type === `xstate.error.actor.${source.place.ref.id}`) {
      source.fail(event);
      byRef.delete(source.place.ref);
    }
    machine?.sent(event, source?.place.index ?? -1);
  };

  return {
    /** Begins a run with a root; whatever was there before is gone. */
    begin: (root: AnyActorRef) => {
      tree.clear();
      tree.add(root);
    },
    inspect: (inspected: InspectionEvent) => {
      const ref = inspected.actorRef as AnyActorRef;
      const machine = byRef.get(ref);
      if (inspected.type === '@xstate.actor') {
        const creator = parentOf(ref);
        const parent = creator && byRef.get(creator);
        if (parent) tree.add(ref, parent);
      } else if (inspected.type === '@xstate.event') {
        passEvent(inspected, machine);
      } else if (inspected.type === '@xstate.microstep') {
        const { _transitions: transitions } = inspected;
        machine?.took(transitions);
      } else if (inspected.type === '@xstate.snapshot' && isMachineSnapshot(inspected.snapshot)) {
        if (machine?.step(inspected.event, inspected.snapshot) === false) byRef.delete(ref);
      }
    },
    /** A second is over. */
    tick: () => {
      for (const machine of byRef.values()) {
        machine.tick();
        const { ref } = machine.place;
        // Only the parent hears of a failure, and a root has none.
        if ((ref.getSnapshot() as { status: string }).status !== 'error') continue;
        machine.fail({ type: 'xstate.error' });
        byRef.delete(ref);
      }
    },
    /** Where every machine stands, as the items of a checkpoint. */
    checkpoint: (): string => `[${Array.from(byRef.values(), (one) => one.checkpoint()).join(',')}]`,
    /** Finds a machine by its place in the run's list. */
    actor: (index: number): AnyActorRef | undefined =>
      [...byRef.values()].find(({ place }) => place.index === index)?.place.ref,
  };
};
