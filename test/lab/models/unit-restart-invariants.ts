import { expect } from 'vitest';
import type { UnitContext } from '../../../machines/unit.ts';
import type { Seen } from './model.ts';
import { hasAlwaysRun, isLeaving, isOperating, lastTold } from './unit-invariants.ts';
import { regionOf } from '../../../machines/unit/known.ts';

/** No link was asked for since the last one was closed, and none of the settings' machine counts on one. */
const wantsNoLink = (seen: Seen<UnitContext>): void => {
  expect(isLeaving(seen)).toBe(true);
  // A stop closes the link by itself.
  if (hasAlwaysRun('mqtt', seen) && isOperating(seen))
    expect(lastTold('mqtt', seen, 'mqtt.connect', 'mqtt.disconnect')).not.toBe('mqtt.connect');
  if (hasAlwaysRun('settings', seen))
    expect(lastTold('settings', seen, 'broker.wanted', 'broker.unwanted')).toBe('broker.unwanted');
};

/** It runs this part of the restart, and no other. */
const leavesBy =
  (...ids: string[]) =>
  ({ running }: Seen<UnitContext>): void =>
    expect(running.filter((id) => ['awaitFiles', 'flush', 'releaseOutbox', 'handOver'].includes(id))).toEqual(ids);

/** What must hold in each state of the region that decides when another process takes the program over. */
export const leaving = {
  program: () => undefined,
  'program.running': leavesBy(),
  'program.awaitingFiles': leavesBy('awaitFiles'),
  'program.leaving': ({ snapshot }: Seen<UnitContext>) =>
    expect(snapshot.matches({ mainCycle: { on: 'turning' } })).toBe(false),
  'program.leaving.flushing': leavesBy('flush'),
  'program.leaving.disconnecting': (seen: Seen<UnitContext>) => {
    leavesBy()(seen);
    wantsNoLink(seen);
    expect(seen.snapshot.value).toMatchObject(regionOf('mqtt', 'running'));
  },
  'program.leaving.releasing': (seen: Seen<UnitContext>) => {
    leavesBy('releaseOutbox')(seen);
    wantsNoLink(seen);
  },
  'program.leaving.handingOver': (seen: Seen<UnitContext>) => {
    leavesBy('handOver')(seen);
    wantsNoLink(seen);
  },
  'program.replaced': (seen: Seen<UnitContext>) => {
    leavesBy()(seen);
    wantsNoLink(seen);
  },
};
