import type { UnitEvent } from '../../../machines/unit.ts';
import type { Message } from '../../../machines/unit/context.ts';
import { linked, type RecordedUnit } from './under-test.ts';

export const restart: UnitEvent = { type: 'unit.restart', mode: 'restart_popen' };
export const stop: UnitEvent = { type: 'unit.stop' };
export const stopped: UnitEvent = { type: 'mqtt.stopped' };
export const disconnect: Message = { to: 'mqtt', event: { type: 'mqtt.disconnect' } };
export const wish = (type: 'broker.wanted' | 'broker.unwanted'): Message => ({ to: 'settings', event: { type } });
export const noMemory = Object.assign(new Error('There is no memory.'), { name: 'ProcessError', code: 'spawn' });
export const left = (state: string) => ({ leaving: state });

/** What ends each state of a program that leaves, in order. */
export const steps: readonly [state: string, end: (unit: RecordedUnit) => unknown][] = [
  ['awaitingFiles', ({ restart: { awaitFiles } }) => awaitFiles.resolve()],
  ['flushing', ({ restart: { flush } }) => flush.resolve()],
  ['disconnecting', ({ sent }) => sent(stopped)],
  ['releasing', ({ restart: { releaseOutbox } }) => releaseOutbox.resolve()],
];

/** A linked unit that restarts, up to this state. */
export const leaving = async (upTo: string, unit = linked()): Promise<RecordedUnit> => {
  unit.sent(restart);
  for (const [state, end] of steps) {
    if (state === upTo) break;
    await end(unit);
  }
  return unit;
};
