import { describe, expect, test } from 'vitest';
import { newFiles, oldFiles, order, own, put, spoil, textsIn, unit } from './unit-folder.ts';

describe('a damaged journal', () => {
  const damages: readonly [string, string][] = [
    ['empty', ''],
    ['truncated', '{"format":1,"phase":"tri'],
    ['garbage', '\u0000\u0001\u0002'],
    ['a list', '[]'],
    ['an unknown format', '{"format":0,"phase":"settled"}'],
    ['an id that leads elsewhere', '{"format":1,"phase":"settled","running":"../../etc"}'],
    ['huge', ' '.repeat(100_000)],
  ];

  test.each(damages)('that is %s is an error, and leaves the running version', async (_, text) => {
    const { disk, store, stage, trials } = await unit();
    await spoil(disk, 'update.json', text);
    for (const operation of [store.status(), store.countStart(), store.confirm(), store.rollBack({ reason: 'x' })]) {
      await expect(operation).rejects.toMatchObject({ name: 'FirmwareError', code: 'journal' });
    }
    const { id } = await stage();
    await expect(store.swap(id, order)).rejects.toMatchObject({ code: 'journal' });
    expect(await trials.recover()).toEqual({ phase: 'settled', problem: expect.objectContaining({ code: 'journal' }) });
    expect(await textsIn(disk)).toEqual(oldFiles);
    expect(new TextDecoder().decode(await disk.readFile(`${own}/update.damaged.json`))).toBe(text);
    expect(await trials.recover()).toEqual({ phase: 'settled' });
  });

  test.each(damages)('that is %s during a trial leads back to the old version', async (_, text) => {
    const { disk, swap, trials } = await unit();
    await swap();
    await spoil(disk, 'update.json', text);
    expect(await trials.recover()).toMatchObject({
      phase: 'settled',
      outcome: { version: 'new', result: 'rolledBack' },
      problem: { code: 'journal' },
    });
    expect(await textsIn(disk)).toEqual(oldFiles);
  });

  test('that can be read by a newer client alone is left alone', async () => {
    const { disk, store, stage, trials } = await unit();
    const newer = '{"format":2,"phase":"elsewhere"}';
    await spoil(disk, 'update.json', newer);
    const { id } = await stage();
    for (const operation of [
      trials.recover(),
      trials.status(),
      store.swap(id, order),
      trials.rollBack({ reason: 'x' }),
    ]) {
      await expect(operation).rejects.toMatchObject({ code: 'newerJournal' });
    }
    expect(new TextDecoder().decode(await disk.readFile(`${own}/update.json`))).toBe(newer);
    expect(await textsIn(disk)).toEqual(oldFiles);
  });

  test('that is a folder is an error like any other', async () => {
    const { disk, trials } = await unit();
    await disk.unlink(`${own}/update.json`);
    await disk.mkdir(`${own}/update.json`, { recursive: true, mode: 0o700 });
    expect(await trials.recover()).toMatchObject({ phase: 'settled', problem: { code: 'journal' } });
  });

  test.each([
    ['lost', undefined],
    ['garbage', 'x'],
    ['one that leads elsewhere', '{"format":1,"install":["../../etc/x"],"save":[],"remove":[],"create":[],"leave":[]}'],
  ])('a plan that is %s ends the update, and nothing outside is touched', async (_, text) => {
    const { disk, swap, trials } = await unit();
    await swap();
    const plan = (await disk.readdir(own)).find((name) => /^plan-(?!first)/.test(name)) ?? '';
    await disk.unlink(`${own}/${plan}`);
    if (text !== undefined) await put(disk, `${own}/${plan}`, text);
    await expect(trials.rollBack({ reason: 'crashed' })).rejects.toMatchObject({ code: 'journal' });
    expect(await trials.recover()).toMatchObject({ phase: 'settled', problem: { code: 'journal' } });
    expect(await textsIn(disk)).toEqual(newFiles);
    expect(await disk.readdir('/')).toEqual(['unit']);
  });
});
