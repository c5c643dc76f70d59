import { describe, expect, test } from 'vitest';
import {
  firstJournal,
  isFlightId,
  journalName,
  parseJournal,
  type FirmwareJournal,
} from '../../services/firmware-journal.ts';
import {
  filesKept,
  outcomeTold,
  rollBackDone,
  statusOf,
  swapBegun,
  swapDone,
  swapGivenUp,
  type SwapOrder,
} from '../../services/firmware-transitions.ts';
import {
  rollBackBegun,
  startCounted,
  startFailed,
  trialConfirmed,
  waitEnded,
  waitNoted,
} from '../../services/firmware-trial.ts';

const order: SwapOrder = {
  scope: 'everything',
  from: 'old',
  to: 'new',
  trial: { maxStarts: 3, healthyWithinMs: 1_000 },
};
const swapping = swapBegun(firstJournal, 'a1', order);
const trial = swapDone(swapping);
const counted = startCounted(trial);
const rollingBack = rollBackBegun(counted, { reason: 'crashed' }, 1_000);
const rolledBack = rollBackDone(rollingBack);
const confirmed = trialConfirmed(counted);
const waiting = waitNoted(counted, 15_000);
const startedAgain = waitEnded(waiting);
const failedOnce = startFailed(counted, { reason: 'it did not get online', code: 'offline' });
const withKept = filesKept(trial, '.pepeunit/kept/new', ['a', 'b', 'c', 'd', 'e', 'f'.repeat(10_000)]);
const kept = { folder: '.pepeunit/kept/new', count: 6, names: ['a', 'b', 'c', 'd', 'e'] };
const every = {
  firstJournal,
  swapping,
  trial,
  withKept,
  counted,
  rollingBack,
  rolledBack,
  confirmed,
  waiting,
  startedAgain,
  failedOnce,
};

describe('an update', () => {
  test('goes from swap to trial to confirmed', () => {
    const flight = { id: 'a1', from: 'old', to: 'new', scope: 'everything', starts: 0, ...order.trial };
    expect(swapping).toEqual({ format: 1, phase: 'swapping', flight });
    expect(trial).toEqual({ format: 1, phase: 'trial', flight });
    expect(confirmed).toEqual({
      format: 1,
      phase: 'settled',
      running: 'a1',
      outcome: { version: 'new', result: 'confirmed' },
    });
  });

  test('or back, and is remembered for that (U14)', () => {
    const failed = { version: 'new', reason: 'crashed', at: 1_000 };
    expect(rollingBack).toMatchObject({ phase: 'rollingBack', failed, flight: { starts: 1, reason: 'crashed' } });
    expect(rolledBack).toEqual({
      format: 1,
      phase: 'settled',
      failed,
      outcome: { version: 'new', result: 'rolledBack', reason: 'crashed' },
    });
  });

  test('of env.json and schema.json alone has no trial', () => {
    expect(swapDone(swapBegun(firstJournal, 'a1', { ...order, scope: 'envAndSchema' }))).toEqual(firstJournal);
  });

  test('that the disk does not let through goes back, and the version is not held to have failed (U17)', () => {
    const givenUp = swapGivenUp(swapping, 'ENOSPC');
    expect(givenUp).toMatchObject({ phase: 'rollingBack', flight: { reason: 'ENOSPC' } });
    expect(rollBackDone(givenUp)).toEqual({
      format: 1,
      phase: 'settled',
      outcome: { version: 'new', result: 'rolledBack', reason: 'ENOSPC' },
    });
  });

  test('names the first five of the files that gave way, and counts the rest (U18)', () => {
    expect(statusOf(startCounted(withKept)).trial).toMatchObject({ starts: 1, kept });
    expect(filesKept(trial, 'a', [])).toBe(trial);
    expect(filesKept(firstJournal, 'a', ['b'])).toBe(firstJournal);
    expect(filesKept(trial, 'a', ['f'.repeat(10_000)]).flight?.kept?.names[0]).toHaveLength(256);
  });

  test('begins only when the last one is settled (U15)', () => {
    for (const journal of [swapping, trial, rollingBack]) {
      expect(() => swapBegun(journal, 'b2', order)).toThrowError(expect.objectContaining({ code: 'busy' }));
    }
  });

  test('clears what failed only when it is for another version (U14)', () => {
    expect(swapBegun(rolledBack, 'b2', order).failed).toEqual(rolledBack.failed);
    const other = swapBegun(rolledBack, 'b2', { ...order, to: 'newer' });
    expect(other).not.toHaveProperty('failed');
    expect(other).not.toHaveProperty('outcome');
  });
});

describe('a step outside its phase changes nothing (U12, U13)', () => {
  const trials = ['trial', 'withKept', 'counted', 'waiting', 'startedAgain', 'failedOnce'];
  const steps = {
    swapDone: [swapDone, ['swapping']],
    swapGivenUp: [(journal: FirmwareJournal) => swapGivenUp(journal, 'x'), ['swapping']],
    startCounted: [(journal: FirmwareJournal) => startCounted(journal), trials],
    trialConfirmed: [trialConfirmed, trials],
    waitNoted: [(journal: FirmwareJournal) => waitNoted(journal, 30_000), trials],
    waitEnded: [waitEnded, ['waiting']],
    startFailed: [(journal: FirmwareJournal) => startFailed(journal, { reason: 'x' }), trials],
    rollBackBegun: [(journal: FirmwareJournal) => rollBackBegun(journal, { reason: 'x' }, 1_000), trials],
    rollBackDone: [rollBackDone, ['rollingBack']],
    outcomeTold: [outcomeTold, ['rolledBack', 'confirmed']],
  } as const;
  test.each(Object.entries(steps))('%s', (_, [step, applies]) => {
    for (const [name, journal] of Object.entries(every)) {
      const changes = step(journal) !== journal;
      expect(changes, name).toBe((applies as readonly string[]).includes(name));
    }
  });
});

describe('a trial that waits (U11)', () => {
  test('counts neither the start that ran when it began nor any that follow', () => {
    expect(waiting.flight).toMatchObject({ starts: 0, isWaiting: true, waitedMs: 15_000 });
    const restarted = startCounted(startCounted(waiting));
    expect(restarted.flight?.starts).toBe(0);
    expect(waitNoted(restarted, 45_000).flight).toMatchObject({ starts: 0, isWaiting: true, waitedMs: 45_000 });
  });

  test('counts the running start again when the wait ends, or when that start failed by itself', () => {
    expect(startedAgain.flight).toMatchObject({ starts: 1, waitedMs: 15_000 });
    expect(startedAgain.flight).not.toHaveProperty('isWaiting');
    expect(startFailed(waiting, { reason: 'no sensor' }).flight).toMatchObject({
      starts: 1,
      failure: { reason: 'no sensor' },
    });
  });

  test('takes other terms than those of the update from who supervises it', () => {
    expect(startCounted(trial, { maxStarts: 1 }).flight).toMatchObject({
      starts: 1,
      maxStarts: 1,
      healthyWithinMs: 1_000,
    });
  });
});

describe('the memory of a version that failed (U14)', () => {
  test('is gone once that version has proved itself after all', () => {
    const again = swapDone(swapBegun(rolledBack, 'b2', order));
    expect(again.failed).toMatchObject({ version: 'new' });
    expect(trialConfirmed(again)).not.toHaveProperty('failed');
  });

  test('tells apart names of any length', () => {
    const [one, other] = ['x'.repeat(100_000), `${'x'.repeat(99_999)}y`];
    const failed = rollBackBegun(swapDone(swapBegun(firstJournal, 'a1', { ...order, to: one })), { reason: 'x' }, 0);
    expect(failed.failed?.version).toBe(journalName(one));
    expect(failed.failed?.version).not.toBe(journalName(other));
    expect(journalName('юнит-'.repeat(1_000))).toHaveLength(4_096);
    expect(swapBegun(rollBackDone(failed), 'b2', { ...order, to: one }).failed).toBeDefined();
    expect(swapBegun(rollBackDone(failed), 'b2', { ...order, to: other }).failed).toBeUndefined();
  });
});

test('a status tells the trial and how it ended, and nothing of where things are', () => {
  expect(statusOf(counted)).toEqual({ phase: 'trial', trial: { from: 'old', to: 'new', starts: 1, ...order.trial } });
  expect(statusOf(rollingBack)).not.toHaveProperty('trial');
  expect(statusOf(confirmed)).toEqual({ phase: 'settled', outcome: { version: 'new', result: 'confirmed' } });
});

describe('reading', () => {
  test.each(Object.entries(every))('%s comes back as it was', (_, journal) => {
    expect(parseJournal(JSON.parse(JSON.stringify(journal)))).toEqual(journal);
  });

  test('texts that are written are never too long to be read', () => {
    const long = 'x'.repeat(100_000);
    const written = rollBackBegun(
      swapDone(swapBegun(firstJournal, 'a1', { ...order, from: long, to: long })),
      { reason: long },
      1_000,
    );
    expect(parseJournal(JSON.parse(JSON.stringify(written)))).toEqual(written);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['a text', 'settled'],
    ['no format', { phase: 'settled' }],
    ['an older format', { ...firstJournal, format: 0 }],
    ['a format that is no count', { ...firstJournal, format: 1.5 }],
    ['an unknown phase', { ...firstJournal, phase: 'flying' }],
    ['a phase of the prototype', { ...firstJournal, phase: 'constructor' }],
    ['a flight without a phase for it', { ...trial, phase: 'settled' }],
    ['a phase without its flight', { ...firstJournal, phase: 'trial' }],
    ['an id that leads elsewhere', { ...trial, flight: { ...trial.flight, id: '../../etc' } }],
    ['a running id that leads elsewhere', { ...firstJournal, running: '/etc' }],
    ['an unknown scope', { ...trial, flight: { ...trial.flight, scope: 'nothing' } }],
    ['a negative count', { ...trial, flight: { ...trial.flight, starts: -1 } }],
    ['a huge count', { ...trial, flight: { ...trial.flight, maxStarts: 1e300 } }],
    ['a huge text', { ...trial, flight: { ...trial.flight, to: 'x'.repeat(100_000) } }],
    ['kept files without a count', { ...trial, flight: { ...trial.flight, kept: { folder: 'a', names: [] } } }],
    ['kept files with names that are none', { ...trial, flight: { ...trial.flight, kept: { ...kept, names: [1] } } }],
    ['a flight that is a list', { ...trial, flight: [] }],
    ['a failed version that is a text', { ...firstJournal, failed: 'new' }],
    ['an unknown result', { ...firstJournal, outcome: { version: 'new', result: 'lost' } }],
  ])('%s is damage', (_, document) => {
    expect(() => parseJournal(document)).toThrowError(
      expect.objectContaining({ name: 'FirmwareError', code: 'journal' }),
    );
  });

  test('a newer format is no damage (X4)', () => {
    expect(() => parseJournal({ format: 2, phase: 'floating' })).toThrowError(
      expect.objectContaining({ code: 'newerJournal' }),
    );
  });

  test('what is not known is left out', () => {
    expect(parseJournal({ ...firstJournal, ['__proto__']: 1, more: 1 })).toEqual(firstJournal);
  });
});

test('ids can name a file and nothing else', () => {
  const ids = ['a', '0f-1', '', '..', 'a/b', 'A', '-a', 'a'.repeat(65)];
  expect(ids.filter(isFlightId)).toEqual(['a', '0f-1']);
});
