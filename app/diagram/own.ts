import { StateMachine, type AnyStateMachine } from 'xstate';
import * as exported from '../../machines/index.ts';
import { chartOf, type Chart } from './chart.ts';
import type { StateConfig } from './config.ts';
import { mergeAlike } from './regions.ts';

const isMachine = (value: unknown): value is AnyStateMachine => value instanceof StateMachine;

/** The machines of a unit. */
export const ownMachines: readonly AnyStateMachine[] = Object.values(exported).filter(isMachine);

/** The chart of a machine as pictures show it: regions that look the same are drawn once. */
export const chartOfMachine = ({ config }: AnyStateMachine): Chart => mergeAlike(chartOf(config as StateConfig));
