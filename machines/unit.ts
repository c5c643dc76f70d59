/**
 * The unit: starts its children, turns their facts into commands for the others, obeys the instance.
 *
 *     idle ─start─▶ loadingSettings ─▶ loadingSchema ─▶ operating { offline ◀─▶ online } ─stop─▶ closing ─▶ stopped
 *                          └───fail────────┴─▶ misconfigured
 *
 * Beside that life cycle, one region does the work that is the same in each of its states, and one region
 * a child keeps that child running.
 */

import { supervised } from './unit/supervision.ts';
import { newUnitContext } from './unit/context.ts';
import { duties } from './unit/facts.ts';
import { lifecycle } from './unit/lifecycle.ts';
import { reports } from './unit/reporting.ts';
import { unitSetup } from './unit/setup.ts';
import { loggerMachine } from './logger.ts';
import { mqttMachine } from './mqtt.ts';
import { schemaMachine } from './schema.ts';
import { settingsMachine } from './settings.ts';
import { stateReporterMachine } from './state-reporter.ts';
import { timeMachine } from './time.ts';
import { updateMachine } from './update.ts';
import { wifiMachine } from './wifi.ts';

export type { CommandName, UnitContext, UnitEmitted, UnitEvent, UnitCounts, UnitInput } from './unit/context.ts';
export type { LogLine } from './unit/notices.ts';

export const unitMachine = unitSetup
  .createMachine({
    id: 'unit',
    description: 'A Pepeunit unit: its life cycle, its children, and what they are told.',
    context: ({ input }) => newUnitContext(input),
    type: 'parallel',
    states: {
      lifecycle,
      duties,
      reports,
      settings: supervised('settings'),
      schema: supervised('schema'),
      wifi: supervised('wifi'),
      time: supervised('time'),
      mqtt: supervised('mqtt'),
      update: supervised('update'),
      logger: supervised('logger'),
      stateReporter: supervised('stateReporter'),
    },
  })
  .provide({
    actors: {
      settings: settingsMachine,
      schema: schemaMachine,
      wifi: wifiMachine,
      time: timeMachine,
      mqtt: mqttMachine,
      update: updateMachine,
      logger: loggerMachine,
      stateReporter: stateReporterMachine,
    },
  });
