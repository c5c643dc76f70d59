import { createActor, SimulatedClock } from 'xstate';
import { loggerMachine, type LogConfig, type LoggerFact } from '../../../machines/logger.ts';
import type { LogSyncInput } from '../../../services/log.ts';
import { gate, probe } from '../../support/actors.ts';

export const config: LogConfig = { minLevel: 'Debug', maxLength: 64, console: true, file: true, mqtt: true };

/** How long syncs that are asked for together are gathered, milliseconds. */
export const gatherMs = 250;

export const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<LoggerFact>();
  const sendStored = gate<number, LogSyncInput>();
  const flush = gate<void>();
  const applied: LogConfig[] = [];
  const marks: true[] = [];
  const actor = createActor(
    loggerMachine.provide({
      actors: { sendStored: sendStored.logic, flush: flush.logic },
      actions: { applyConfig: (_, given) => void applied.push(given), markSync: () => void marks.push(true) },
    }),
    { clock, input: { parent: parent.ref, config } },
  ).start();
  /** Asks for a sync, and lets it begin. */
  const sync = () => {
    actor.send({ type: 'logger.sync' });
    clock.increment(gatherMs);
  };
  return { actor, applied, clock, marks, sync, parent, sendStored, flush, state: () => actor.getSnapshot() };
};
