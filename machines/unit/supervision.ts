import { failureOf } from '../../services/errors.ts';
import type { ErrorActorEvent } from 'xstate';
import { crashLine } from './notices.ts';
import { systemIds, type ChildName, type UnitContext, type UnitInput, type UnitRef } from './context.ts';

type Ended = { event: ErrorActorEvent };

type ChildInput = {
  parent: UnitRef;
  mode: UnitInput['restartMode'];
  config: UnitInput['logConfig'];
  attempts: number;
  timeoutMs?: number;
} & Pick<UnitInput, 'protocol' | 'brokers' | 'checksVersion' | 'asksTarget' | 'isSupervised'>;

/** What any child gets when it starts; each takes what it knows. */
const childInput =
  (child: ChildName) =>
  ({ context, self }: { context: UnitContext; self: UnitRef }): ChildInput => ({
    parent: self,
    protocol: context.protocol,
    ...(context.brokers !== undefined && { brokers: context.brokers }),
    ...(context.mqttTimeoutMs !== undefined && { timeoutMs: context.mqttTimeoutMs }),
    attempts: context.restarts[child],
    mode: context.restartMode,
    checksVersion: context.checksVersion,
    asksTarget: context.asksTarget,
    isSupervised: context.isSupervised,
    config: context.logConfig,
  });

const crashed = <TChild extends ChildName>(child: TChild, isRestarted: boolean) =>
  [
    { type: 'log', params: ({ event }: Ended) => crashLine(child, failureOf(event.error), isRestarted) },
    { type: 'noteCrash', params: ({ event }: Ended) => ({ child, failure: failureOf(event.error), isRestarted }) },
  ] as const;

/** A region of the unit that keeps one child running: it starts a child that failed again, within a limit. */
export const supervised = <TChild extends ChildName>(child: TChild) =>
  ({
    description: `Keeps the ${systemIds[child]} machine running.`,
    initial: 'running',
    states: {
      running: {
        description: 'It runs.',
        invoke: {
          id: systemIds[child],
          systemId: systemIds[child],
          src: child,
          input: childInput(child),
          onError: [
            {
              guard: { type: 'canRestart', params: { child } },
              target: 'restarting',
              actions: crashed(child, true),
            },
            { target: 'failed', actions: crashed(child, false) },
          ],
        },
        after: { steadyAfter: { actions: [{ type: 'forgetRestarts', params: { child } }] } },
      },
      restarting: {
        description: 'It failed and starts again soon.',
        tags: ['busy'],
        after: { restartAfter: { target: 'running' } },
      },
      failed: {
        description: 'It failed too often and stays off.',
        tags: ['faulty'],
      },
    },
  }) as const;
