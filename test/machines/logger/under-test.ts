import { createActor, SimulatedClock } from 'xstate';
import { loggerMachine, type LogConfig, type LoggerFact } from '../../../machines/logger.ts';
import type { LogBatch, LogBatchInput } from '../../../services/log.ts';
import { gate, probe } from '../../support/actors.ts';

export const config: LogConfig = { minLevel: 'Debug', maxLength: 64, console: true, file: true, mqtt: true };

/** How long syncs that are asked for together are gathered, milliseconds. */
export const gatherMs = 250;

/** How long the next batch of a sync waits, milliseconds. */
export const batchMs = 125;

export const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<LoggerFact>();
  const readStored = gate<number>();
  const sendBatch = gate<LogBatch, LogBatchInput>();
  const flush = gate<void>();
  const applied: LogConfig[] = [];
  const marks: true[] = [];
  const holds: boolean[] = [];
  const actor = createActor(
    loggerMachine.provide({
      actors: { readStored: readStored.logic, sendBatch: sendBatch.logic, flush: flush.logic },
      actions: {
        applyConfig: (_, given) => void applied.push(given),
        markSync: () => void marks.push(true),
        holdEntries: () => void holds.push(true),
        releaseEntries: () => void holds.push(false),
      },
    }),
    { clock, input: { parent: parent.ref, config } },
  ).start();
  /** Asks for a sync, and lets it begin. */
  const sync = () => {
    actor.send({ type: 'logger.sync' });
    clock.increment(gatherMs);
  };
  /** Reads so many entries for the sync that has begun. */
  const read = (stored: number) => readStored.resolve(stored);
  /** Acknowledges so many entries, and lets the next batch begin. */
  const acknowledge = async (sent: number, passed = sent) => {
    await sendBatch.resolve({ sent, passed });
    clock.increment(batchMs);
  };
  const state = () => actor.getSnapshot();
  return {
    actor,
    acknowledge,
    applied,
    clock,
    flush,
    holds,
    marks,
    parent,
    read,
    readStored,
    sendBatch,
    state,
    sync,
  };
};
