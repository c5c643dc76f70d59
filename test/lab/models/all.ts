import type { MachineModel } from './model.ts';
import { unitModel } from './unit.model.ts';
import { updateModel } from './update.model.ts';

/** The model of every machine that has no table. */
export const models: readonly MachineModel[] = [unitModel, updateModel];
