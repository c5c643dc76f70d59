import type { ErrorActorEvent, EventObject, InputFrom } from 'xstate';
import { failureOf, type Failure } from '../../services/errors.ts';
import { ActorHandle } from '../lib/parent.ts';
import type { loggerMachine } from '../logger.ts';
import type { mqttMachine } from '../mqtt.ts';
import type { UnitSettings } from '../../services/settings.ts';
import type { resetMachine } from '../reset.ts';
import type { schemaMachine } from '../schema.ts';
import type { settingsMachine } from '../settings.ts';
import type { updateMachine } from '../update.ts';
import type { ChildFact, ChildName, Known, UnitContext, UnitRef } from './context.ts';
import type { LogLine } from './notices.ts';

/** Maximum number of consecutive restarts of a child, before it is off for a while. */
export const maxRestarts = 5;

type Starting = { context: UnitContext; self: UnitRef };

export const childInput = ({ context, self }: Starting) => ({ parent: new ActorHandle(self), unit: context.unit });

const withoutTrial = (given: UnitSettings): UnitSettings => {
  const { trial: _, ...settings } = given;
  return settings;
};

/** Whether the settings in force are still on trial says env.json, which is loaded again. */
export const settingsInput = ({ context, self }: Starting): InputFrom<typeof settingsMachine> => ({
  ...(context.settings && { settings: withoutTrial(context.settings) }),
  ...childInput({ context, self }),
});

export const schemaInput = ({ context, self }: Starting): InputFrom<typeof schemaMachine> => ({
  ...(context.topics && { topics: context.topics }),
  ...childInput({ context, self }),
});

export const mqttInput = ({ context, self }: Starting): InputFrom<typeof mqttMachine> => ({
  protocol: context.protocol,
  ...(context.brokers !== undefined && { brokers: context.brokers }),
  ...(context.mqttTimeoutMs !== undefined && { timeoutMs: context.mqttTimeoutMs }),
  attempts: context.restarts.mqtt,
  isDenied: context.isDenied,
  ...childInput({ context, self }),
});

export const updateInput = ({ context, self }: Starting): InputFrom<typeof updateMachine> => ({
  mode: context.restartMode,
  checksVersion: context.checksVersion,
  isCompiled: context.isCompiled,
  isSupervised: context.isSupervised,
  isRestOnly: context.isRestOnly === true,
  handsOver: context.handsOver,
  placed: context.placed,
  ...childInput({ context, self }),
});

export const loggerInput = ({ context, self }: Starting): InputFrom<typeof loggerMachine> => ({
  config: context.logConfig,
  ...childInput({ context, self }),
});

export const resetInput = ({ context, self }: Starting): InputFrom<typeof resetMachine> => ({
  mode: context.restartMode,
  ...childInput({ context, self }),
});

/** The failure of a child. */
export interface Crash {
  readonly child: ChildName;
  readonly failure: Failure;
  readonly isRestarted: boolean;
}

export const crashOf = ({ actorId, error }: ErrorActorEvent, isRestarted: boolean): Crash => ({
  child: actorId as ChildName,
  failure: failureOf(error),
  isRestarted,
});

/** The child whose region has waited, by the event of that: `xstate.after.restartAfter.unit.children.kept.mqtt.restarting`. */
export const waitedFor = ({ event: { type } }: { event: EventObject }): { child: ChildName } => ({
  child: type.split('.').at(-2) as ChildName,
});

/** The log line of a failed child. */
export const crashLine = ({ child, failure, isRestarted }: Crash): LogLine => ({
  level: isRestarted ? 'Error' : 'Critical',
  text: `The ${child} machine failed and ${isRestarted ? 'starts again' : 'is off for ten minutes'}: ${failure.message}`,
  failure,
});

/**
 * The facts that follow from a child's failure, as the child itself would have reported them.
 *
 * During the unit's start, settings and schema are requested again once their machine is restarted.
 */
export const factsAfterCrash = ({ child, failure, isRestarted }: Crash, known: Known): ChildFact[] => {
  const isAskedAgain = isRestarted && !known.isOperating;
  switch (child) {
    case 'settings':
      return isAskedAgain ? [] : [{ type: 'settings.failed', failure, during: 'load' }];
    case 'schema':
      return isAskedAgain ? [] : [{ type: 'schema.failed', failure, during: 'load' }];
    case 'wifi':
      return known.hasNetwork ? [{ type: 'wifi.down' }] : [];
    case 'time':
      return [{ type: 'time.failed', failure }];
    case 'mqtt':
      return known.isOnline ? [{ type: 'mqtt.offline', failure }] : [];
    case 'logger':
      return [{ type: 'logger.failed', failure }];
    case 'stateReporter':
      return [{ type: 'reporter.failed', failure }];
    case 'reset':
      return [];
    case 'update':
      return isAskedAgain ? [] : [{ type: 'update.recovered' }];
  }
};
