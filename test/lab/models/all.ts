import { schemaModel, settingsModel } from './documents.model.ts';
import { loggerModel } from './logger.model.ts';
import type { MachineModel } from './model.ts';
import { mqttModel } from './mqtt.model.ts';
import { resetModel } from './reset.model.ts';
import { stateReporterModel } from './state-reporter.model.ts';
import { timeModel } from './time.model.ts';
import { unitModel } from './unit.model.ts';
import { updateModel } from './update.model.ts';
import { wifiModel } from './wifi.model.ts';

/** The model of every machine. */
export const models: readonly MachineModel[] = [
  unitModel,
  settingsModel,
  schemaModel,
  wifiModel,
  timeModel,
  mqttModel,
  updateModel,
  loggerModel,
  stateReporterModel,
  resetModel,
];
