import { createActor, fromTransition, type AnyActorRef, type AnyMachineSnapshot, type AnyStateMachine, type AnyTransitionDefinition, type EventObject } from 'xstate';
import { nameOf } from './declared.ts';
import { fakeActors, type FakeActors } from './fakes.ts';
import type { MachineModel, Seen } from './model.ts';
import { steerableClock } from './steerable-clock.ts';
import type { Stimulus } from './stimuli.ts';

/** What a path is run on: the machine over fakes, or a whole unit somewhere. */
export interface Driver {
  /** Brings a stimulus about; resolves when everything that follows at once has happened. */
  apply(stimulus: Stimulus): Promise<void>;
  /** The situation as it is now. */
  snapshot(): AnyMachineSnapshot;
  /** What an observer has seen up to now; `news` is what came since the last call. */
  seen(): Seen<unknown>;
  stop(): void;
}

/** Which states and transitions were really in force or taken. */
export interface Taken {
  readonly states: Set<string>;
  readonly transitions: Set<AnyTransitionDefinition>;
}

/** What one run leaves behind for its observer. */
interface Record_ {
  actors: FakeActors;
  actions: Map<string, unknown[]>;
}

/** A machine whose every slot is a fake; made once, so that its transitions keep their identity. */
export const harness = (model: MachineModel) => {
  let now: Record_ = { actors: fakeActors(), actions: new Map() };
  const { actors = {} } = model.machine.implementations;
  const logicOf = (src: string, fakes: FakeActors) => (model.listeners?.[src] ? fakes.listener() : fakes.promise());
  const machine: AnyStateMachine = model.machine.provide({
    actors: Object.fromEntries(Object.keys(actors).map((src) => [src, routed(() => logicOf(src, now.actors))])),
    actions: Object.fromEntries(
      (model.recorded ?? []).map((action) => [
        action,
        (_: unknown, params: unknown) => void now.actions.set(action, [...(now.actions.get(action) ?? []), params]),
      ]),
    ),
  } as never);
  return {
    machine,
    /** Starts a run of its own. */
    begin: (): Record_ => (now = { actors: fakeActors(), actions: new Map() }),
  };
};
