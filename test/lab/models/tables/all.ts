import { loggerTable } from './logger.table.ts';
import { mqttTable } from './mqtt.table.ts';
import { resetTable } from './reset.table.ts';
import { schemaTable } from './schema.table.ts';
import { settingsTable } from './settings.table.ts';
import { stateReporterTable } from './state-reporter.table.ts';
import type { MachineTable } from './table.ts';
import { timeTable } from './time.table.ts';
import { updateTable } from './update.table.ts';
import { wifiTable } from './wifi.table.ts';

/** The table of every machine that has one. */
export const tables: readonly MachineTable[] = [
  settingsTable,
  schemaTable,
  wifiTable,
  timeTable,
  mqttTable,
  loggerTable,
  stateReporterTable,
  resetTable,
  updateTable,
];
