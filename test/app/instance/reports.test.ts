import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { naiveUtc } from '../../../app/instance/model/rows.ts';
import { parseLogReport } from '../../../app/instance/model/log-reports.ts';
import { isTooEarly, overdue, parseStateReport } from '../../../app/instance/model/state-reports.ts';
import type { UnitDocument } from '../../../app/instance/store/documents.ts';
import { until } from '../../support/until.ts';
import { addUnit, connectUnit, startTestInstance, createProgramFolder } from '../../support/instance.ts';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
/** So many seconds later. */
const at = (second: number): string => new Date(now + second * 1000).toISOString();
const now = Date.parse('2026-01-31T12:00:00.000Z');

describe('a log payload', () => {
  const entry = { level: 'Info', text: 'hello' };
  const datetimeOf = (created: unknown) =>
    parseLogReport(bytes({ ...entry, create_datetime: created }), now).entries[0]?.create_datetime;

  it.each(['Debug', 'Info', 'Warning', 'Error', 'Critical'])('takes the level %s, in any case', (level) => {
    for (const given of [level, level.toLowerCase(), level.toUpperCase()]) {
      const report = parseLogReport(bytes({ level: given, text: 'x' }), now);
      expect(report).toMatchObject({ entries: [{ level }], invalid: 0 });
    }
  });

  it('loses a list with anything wrong in it, and counts that', () => {
    const report = parseLogReport(bytes([entry, { level: 'Info' }, 1, null, [entry], { ...entry, free_mem: 1 }]), now);
    expect(report).toEqual({ entries: [], invalid: 4 });
  });

  it('takes a list', () => {
    const report = parseLogReport(bytes([entry, { ...entry, free_mem: 1 }]), now);
    expect(report.invalid).toBe(0);
    expect(report.entries).toEqual([
      { uuid: expect.any(String), ...entry, create_datetime: '2026-01-31T12:00:00.000Z' },
      { uuid: expect.any(String), ...entry, create_datetime: '2026-01-31T12:00:00.000Z' },
    ]);
  });

  it.each([
    '',
    '{',
    'null',
    '1',
    '"x"',
    '{}',
    '{"level":"Note","text":"x"}',
    '{"level":1,"text":"x"}',
    '{"level":"Info","text":1}',
    '\xff',
  ])('counts %j as invalid', (text) => {
    expect(parseLogReport(Buffer.from(text, 'latin1'), now)).toEqual({ entries: [], invalid: 1 });
  });

  it('takes an empty list', () => {
    expect(parseLogReport(bytes([]), now)).toEqual({ entries: [], invalid: 0 });
  });

  it.each([
    ['2026-01-31T12:00:00.000Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T15:00:00+03:00', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:00', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31 12:00:00.123456', '2026-01-31T12:00:00.123Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    [1_769_860_800, '2026-01-31T12:00:00.000Z'],
    [1_769_860_800.5, '2026-01-31T12:00:00.500Z'],
    [1_769_860_800_000, '2026-01-31T12:00:00.000Z'],
    ['1769860800', '2026-01-31T12:00:00.000Z'],
    [undefined, '2026-01-31T12:00:00.000Z'],
    [null, '2026-01-31T12:00:00.000Z'],
  ])('reads the time %j', (given, read) => {
    expect(datetimeOf(given)).toBe(read);
  });

  const unreadable = ['yesterday', '2026-13-01', '2026-02-30', '2026-01-31T24:00:00Z', '31.01.2026', '12:00', true, {}];
  it.each([...unreadable, [1], 1e300, -1, '2026-01-31T12:00:00Z; drop'])('refuses the time %j', (given) => {
    expect(datetimeOf(given)).toBeUndefined();
  });

  it('never throws, and gives entries that are valid, for any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const { entries, invalid } = parseLogReport(bytes(text), now);
        expect(invalid).toBeGreaterThanOrEqual(0);
        for (const { create_datetime: created } of entries) expect(new Date(created).toISOString()).toBe(created);
      }),
    );
  });
});

describe('a state payload', () => {
  it('keeps the known keys alone and casts the numbers', () => {
    const report = {
      millis: 1,
      mem_free: 2.5,
      mem_alloc: 'x',
      statvfs: [1, 2],
      ifconfig: 'no list',
      pu_commit_version: 'abc',
      extra: 1,
    };
    expect(parseStateReport(bytes(report))).toEqual({
      millis: 1,
      mem_free: 2.5,
      mem_alloc: null,
      freq: null,
      statvfs: [1, 2],
      ifconfig: [],
      pu_commit_version: 'abc',
    });
  });

  it('keeps the elements of lists as they are, a null among them too', () => {
    const report = { statvfs: [1, null, 'x'], ifconfig: [null], pu_commit_version: 'abc' };
    expect(parseStateReport(bytes(report))).toMatchObject(report);
  });

  it.each(['{}', '{"pu_commit_version":1}', '{"pu_commit_version":null}', '{"millis":1}'])(
    'takes %j, with null for the version',
    (text) => {
      expect(parseStateReport(bytes(text))).toMatchObject({ pu_commit_version: null });
    },
  );

  it.each(['', '[]', 'null', 'x', '1'])('refuses %j', (text) => {
    expect(parseStateReport(bytes(text))).toBeUndefined();
  });

  it('comes too early below the interval, to the millisecond', () => {
    expect(isTooEarly(undefined, 0, 300_000)).toBe(false);
    expect(isTooEarly(0, 300_000, 300_000)).toBe(false);
    expect(isTooEarly(0, 299_999, 300_000)).toBe(true);
  });

  it('leaves an update open for two intervals, then it has failed', () => {
    const unit = {
      env: { PU_STATE_SEND_INTERVAL: '10' },
      update: { status: 'RequestSent', error: null, requested: 0 },
    };
    const after = (milliseconds: number) => overdue(unit as unknown as UnitDocument, milliseconds)?.status;
    expect([after(0), after(20_000), after(20_001)]).toEqual(['RequestSent', 'RequestSent', 'Error']);
  });
});

const setUp = async (stateIntervalCheck = true) => {
  const { instance, of } = await startTestInstance({ stateIntervalCheck });
  const unit = await addUnit(instance);
  const link = await connectUnit(instance.mqttUrl, unit.token);
  const report = async (key: string, payload: unknown) => {
    await link.client.publishAsync(unit.topic(key), bytes(payload), { qos: 1 });
  };
  return { instance, of, unit, report };
};

describe('reports over the wire', () => {
  it('takes the first state report, ignores one that is too early, refuses one that is none', async () => {
    const { instance, of, unit, report } = await setUp();
    await report('state/pepeunit', { millis: 1, pu_commit_version: 'a' });
    await report('state/pepeunit', { millis: 2, pu_commit_version: 'b' });
    await report('state/pepeunit', [3]);
    await until(() => of('state').length === 3);
    expect(of('state').map(({ outcome }) => outcome)).toEqual(['taken', 'tooEarly', 'refused']);
    expect(instance.operator.getUnit(unit.uuid)).toMatchObject({
      current_commit_version: 'a',
      unit_state: { millis: 1, pu_commit_version: 'a' },
    });
  });

  it('takes reports by the interval that the env names', async () => {
    const { instance, of, unit, report } = await setUp();
    await instance.operator.setEnv(unit.uuid, { PU_STATE_SEND_INTERVAL: 1 });
    const outcomes = () => of('state').map(({ outcome }) => outcome);
    await report('state/pepeunit', { pu_commit_version: 'a' });
    await until(() => of('state').length === 1);
    await until(async () => {
      await report('state/pepeunit', { pu_commit_version: 'b' });
      return outcomes().filter((outcome) => outcome === 'taken').length === 2;
    });
    expect(outcomes()).toContain('tooEarly');
  });

  it('confirms an update by the version in a report, and not by another', async () => {
    const { instance, of, unit, report } = await setUp(false);
    const { operator } = instance;
    const { commit } = await operator.addVersion(unit.uuid, {
      folder: await createProgramFolder({ 'main.py': 'two' }),
    });
    await operator.sendCommand(unit.uuid, 'Update');
    await report('state/pepeunit', { pu_commit_version: 'another' });
    await until(() => of('state').length === 1);
    expect(operator.getUnit(unit.uuid)).toMatchObject({ firmware_update_status: 'RequestSent' });
    await report('state/pepeunit', { pu_commit_version: commit });
    await until(() => of('state').length === 2);
    expect(operator.getUnit(unit.uuid)).toMatchObject({
      firmware_update_status: 'Success',
      firmware_update_error: null,
      current_commit_version: commit,
    });
  });

  it('shows an update that nothing confirms as failed, with the reason', async () => {
    const { instance, of, unit, report } = await setUp(false);
    await instance.operator.setEnv(unit.uuid, { PU_STATE_SEND_INTERVAL: 0.05 });
    await instance.operator.sendCommand(unit.uuid, 'Update');
    const status = () => instance.operator.getUnit(unit.uuid).firmware_update_status;
    expect(status()).toBe('RequestSent');
    await until(() => status() === 'Error');
    expect(instance.operator.getUnit(unit.uuid).firmware_update_error).toContain('0.1 s');
    await report('state/pepeunit', { pu_commit_version: 'another' });
    await until(() => of('state').length === 1);
    expect(status()).toBe('Error');
  });

  it('lists logs newest first, in pages and by level, and forgets them at LogSync', async () => {
    const { instance, of, unit, report } = await setUp();
    await report('log/pepeunit', { level: 'Info', text: 'first', create_datetime: at(1) });
    await report('log/pepeunit', [
      { level: 'Info', text: 'lost' },
      { level: 'Nonsense', text: 'x' },
    ]);
    await report('log/pepeunit', [
      { level: 'Error', text: 'third', create_datetime: at(3) },
      { level: 'Info', text: 'second', create_datetime: at(2) },
    ]);
    await until(() => of('log').length === 3);
    expect(of('log').map(({ entries, invalid }) => [entries.length, invalid])).toEqual([
      [1, 0],
      [0, 1],
      [2, 0],
    ]);
    const { operator } = instance;
    const texts = (query = {}) => operator.logList(unit.uuid, query).unit_logs.map(({ text }) => text);
    expect(texts()).toEqual(['third', 'second', 'first']);
    expect(texts({ order: 'asc' })).toEqual(['first', 'second', 'third']);
    expect(texts({ limit: 1, offset: 1 })).toEqual(['second']);
    expect(texts({ levels: ['Error'] })).toEqual(['third']);
    expect(operator.logList(unit.uuid)).toMatchObject({
      count: 3,
      unit_logs: [
        { uuid: expect.any(String), unit_uuid: unit.uuid, level: 'Error', create_datetime: naiveUtc(at(3)) },
        {},
        {},
      ],
    });
    await operator.sendCommand(unit.uuid, 'LogSync');
    expect(texts()).toEqual([]);
  });

  it('keeps the last text of nodes that the platform listens to', async () => {
    const { instance, of, unit, report } = await setUp();
    await report('out/pepeunit', '21');
    await report('out/pepeunit', '22');
    await report('plain_out', '23');
    await until(() => of('published').length === 3);
    const state = (key: string) => instance.operator.getNode(unit.node(key)).state;
    expect([state('out/pepeunit'), state('plain_out')]).toEqual(['22', null]);
    await report('out/pepeunit', Buffer.from([0xff, 0xfe]).toString('latin1'));
    await until(() => of('published').length === 4);
  });

  it('keeps nothing of a payload that is no text', async () => {
    const { instance, of } = await startTestInstance();
    const unit = await addUnit(instance);
    const link = await connectUnit(instance.mqttUrl, unit.token);
    await link.client.publishAsync(unit.topic('out/pepeunit'), Buffer.from([0xff, 0xfe]), { qos: 1 });
    await until(() => of('published').length === 1);
    expect(instance.operator.getNode(unit.node('out/pepeunit')).state).toBeNull();
  });
});
