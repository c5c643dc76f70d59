import { describe, expect, test } from 'vitest';
import { journalName } from '../../../services/firmware-journal.ts';
import { failing } from '../../support/actors.ts';
import { v2, v3, woken, type UpdateUnderTest } from './under-test.ts';

describe('a version that failed (U14)', () => {
  const failed = { version: 'v2', reason: 'it hung' };

  const minuteMs = 60_000;

  test('is refused with its reason for ten minutes, whoever asks for it', async () => {
    const unit = await woken({ phase: 'settled', failed });
    unit.begin(v2);
    await unit.recall.resolve({ code: 'hung', ageMs: 10 * minuteMs - 1 });
    expect(unit.state().value).toBe('idle');
    expect(unit.told()).toEqual([
      {
        type: 'update.refused',
        target: v2,
        failure: {
          name: 'FirmwareError',
          code: 'failedBefore',
          message:
            'version v2 failed before: it hung. Send another version, or this one again ten minutes after it failed.',
        },
      },
    ]);
    unit.connect();
    await unit.askTarget.resolve('v2');
    expect(unit.download.runs).toHaveLength(0);
  });

  test.each([
    ['ten minutes later', { code: 'hung', ageMs: 10 * minuteMs }],
    ['after it did not get online', { code: 'offline', ageMs: 0 }],
    ['when nobody knows how long ago that was', { ageMs: Infinity }],
  ])('is tried once more on command %s', async (_name, past) => {
    const unit = await woken({ phase: 'settled', failed });
    unit.begin(v2);
    await unit.recall.resolve(past);
    expect(unit.told()).toEqual([{ type: 'update.began', target: v2 }]);
    expect(unit.download.last().input).toEqual({ target: v2 });
  });

  test('is never tried because the instance says so when it is asked, also after such a try', async () => {
    const unit = await woken({ phase: 'settled', failed }, { mode: 'no_restart' });
    unit.begin(v2);
    await unit.recall.resolve({ ageMs: Infinity });
    await unit.download.reject(failing('network'));
    unit.connect();
    await unit.askTarget.resolve('v2');
    expect(unit.download.runs).toHaveLength(1);
  });

  test.each([
    ['fails', (unit: UpdateUnderTest) => unit.recall.reject(failing('io'))],
    ['hangs', async (unit: UpdateUnderTest) => unit.clock.increment(30_000)],
  ])('is refused when reading what is known of it %s', async (_name, end) => {
    const unit = await woken({ phase: 'settled', failed });
    unit.begin(v2);
    await end(unit);
    expect(unit.told()).toMatchObject([{ type: 'update.refused' }]);
    expect(unit.state().value).toBe('idle');
  });

  test('is known by its whole name, however long', async () => {
    const long = 'версия-'.repeat(1_000);
    const unit = await woken({ phase: 'settled', failed: { version: journalName(`${long}1`), reason: 'it hung' } });
    unit.begin({ commitVersion: `${long}1` });
    expect(unit.state().value).toBe('reconsidering');
    await unit.recall.resolve({ ageMs: 0 });
    unit.begin({ commitVersion: `${long}2` });
    expect(unit.download.last().input).toEqual({ target: { commitVersion: `${long}2` } });
  });

  test('is forgotten once another version is wanted', async () => {
    const unit = await woken({ phase: 'settled', failed }, { mode: 'no_restart' });
    unit.begin(v3);
    await unit.download.reject(failing('network'));
    unit.begin(v2);
    expect(unit.download.last().input).toEqual({ target: v2 });
  });
});
