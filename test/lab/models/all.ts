import type { MachineModel } from './model.ts';
import { unitModel } from './unit.model.ts';

/** The model of every machine that has no table. */
export const models: readonly MachineModel[] = [unitModel];
