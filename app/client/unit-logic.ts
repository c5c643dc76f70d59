import type { ActorLogic, AnyActorRef, EventObject, SnapshotFrom } from 'xstate';
import type { unitMachine } from '../../machines/unit.ts';
import type { UnitEvent, UnitFact } from '../../machines/unit/context.ts';
import { ClientError } from '../../services/errors.ts';
import type { JsonValue } from '../../services/json.ts';
import type { UnitRuntime } from './assemble.ts';
import type { UnitActor } from './await-event.ts';
import { runtimeOf, UnitHandle, type Host } from './handle.ts';
import { unitDefinition } from './definition.ts';
import type { UnitOptions } from './options/options.ts';
import { guardRequests } from './requests.ts';
import type { Codecs, MessageOf, PublishKey } from './api/unit-types.ts';

/**
 * Options of {@link createUnitLogic}: those of a client; the inspector is that of your own root actor.
 *
 * @typeParam TUnit Types of the unit, as `pepeunit types` writes them; or of its own variables alone.
 * @typeParam TCodecs The type of the option `codecs`.
 */
export interface UnitLogicOptions<
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
> extends Omit<UnitOptions<UnitHandle<TUnit, TCodecs>, TCodecs, PublishKey<TUnit>>, 'inspect'> {
  /**
   * Turns a message of an input topic into an event of the parent; `undefined` for one that is none of its business. An
   * error that it throws goes to the log.
   *
   * @defaultValue none: messages go to the handler that {@link unitOf} can set
   */
  readonly toEvent?:
    ((message: MessageOf<TUnit, TCodecs>, unit: UnitHandle<TUnit, TCodecs>) => EventObject | undefined) | undefined;
}

/** Input of a unit in a statechart. */
export interface UnitLogicInput {
  /** Receives the unit's facts and the events of `toEvent`: `({ self }) => ({ parent: self })`. @defaultValue none */
  readonly parent?: AnyActorRef | undefined;
}

type UnitSnapshot = SnapshotFrom<typeof unitMachine>;

/** A unit as actor logic, to `invoke` or `spawn`. It emits each of its facts. */
export type UnitLogic = ActorLogic<
  UnitSnapshot,
  UnitEvent,
  UnitLogicInput | undefined,
  AnyActorRef['system'],
  UnitFact
>;

/** Units that run in statecharts, by their actors. */
const embedded = new WeakMap<AnyActorRef, object>();

/**
 * Gives the handle of a unit that runs in a statechart: its settings, topics, messages, log and REST client.
 *
 * @param actor The unit's actor, such as `snapshot.children.unit`.
 * @throws {ClientError} `invalid`: it is no unit of {@link createUnitLogic}.
 * @example
 * import { unitOf } from 'pepeunit-client';
 * import type { AnyActorRef } from 'xstate';
 *
 * const report = (unitActor: AnyActorRef) => unitOf(unitActor).publishToTopics('output/pepeunit', 21.5);
 */
export const unitOf = <TUnit extends object = Record<string, JsonValue>, TCodecs extends Codecs<TUnit> = Codecs<TUnit>>(
  actor: AnyActorRef | undefined,
): UnitHandle<TUnit, TCodecs> => {
  const handle = actor && embedded.get(actor);
  if (handle) return handle as UnitHandle<TUnit, TCodecs>;
  throw new ClientError('invalid', 'This actor is no unit. Give the actor that runs the logic of createUnitLogic().');
};

/** Lets go of what the unit holds, once its actor has ended. */
const endWith = (actor: UnitActor, { lifecycle }: UnitRuntime): void => {
  const end = () => void lifecycle.stop();
  actor.subscribe({ complete: end, error: end });
};

const checkToEvent = (given: unknown): void => {
  if (given !== undefined && typeof given !== 'function')
    throw new ClientError('options', 'toEvent is wrong: give a function of the message that returns an event.');
};

/** Creates the logic of a unit on a platform: each actor of it is a unit with its own adapters. */
export const unitLogic = <TUnit extends object, TCodecs extends Codecs<TUnit>>(
  { toEvent, ...options }: UnitLogicOptions<TUnit, TCodecs>,
  host: Omit<Host, 'actor'>,
): UnitLogic => {
  checkToEvent(toEvent);
  const definition = unitDefinition(options);
  const logic = Object.create(definition) as typeof definition;
  const own: Pick<UnitLogic, 'getInitialSnapshot' | 'start'> = {
    getInitialSnapshot: (scope, { parent } = {}) => {
      const actor = guardRequests(scope.self);
      const handle = new UnitHandle<TUnit, TCodecs>(options, { ...host, actor });
      embedded.set(actor, handle);
      if (toEvent)
        handle.setMqttInputHandler((_, message) => {
          const event = toEvent(message, handle);
          if (event) parent?.send(event);
        });
      const input = runtimeOf(handle).root.input();
      return definition.getInitialSnapshot.call(logic, scope, { ...input, ...(parent && { parent }) });
    },
    start: (snapshot, { self }) => {
      const unit = runtimeOf(unitOf(self));
      endWith(self, unit);
      unit.start();
      definition.start.call(logic, snapshot);
    },
  };
  return Object.assign(logic, own);
};
