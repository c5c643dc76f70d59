import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownPlace } from '../../../adapters/node/fs/process-identity.ts';
import { encodeMessage } from '../../../adapters/node/outbox/records.ts';
import type { JsonObject } from '../../../services/json.ts';
import { diagnose, startClinic, testRows, type Clinic, type Row } from '../../support/doctored-unit.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic.stop());

const journal = (more: JsonObject) => ({ '.pepeunit/update.json': JSON.stringify({ format: 1, ...more }) });
const flight = {
  id: '1a',
  from: 'v1',
  to: 'v2',
  scope: 'everything',
  starts: 1,
  maxStarts: 3,
  healthyWithinMs: 60_000,
};

const rows: readonly Row[] = [
  {
    what: 'a package that is not installed',
    files: () => ({ 'package.json': '{"dependencies":{"pepeunit-client":"*","no-such-package-here":"1"}}' }),
    check: 'packages',
    says: /no-such-package-here of package\.json is not installed/,
    helps: /Run npm install in/,
    result: 'warning',
  },
  {
    what: 'a program that wants a newer Node',
    files: () => ({ 'package.json': '{"engines":{"node":">=99.1"}}' }),
    check: 'program',
    says: /asks for Node >=99\.1/,
    helps: /Install such a Node/,
  },
  {
    what: 'a program that was not built',
    files: () => ({ 'package.json': '{"main":"dist/main.js"}' }),
    check: 'program',
    says: /dist\/main\.js, the program of package\.json, is not there/,
    helps: /Build it/,
  },
  {
    what: 'a version that was rolled back',
    files: () =>
      journal({ phase: 'settled', failed: { version: 'v2', reason: 'it did not get online', at: 1_700_000_000_000 } }),
    check: 'last update',
    says: /Version v2 failed at 2023-11-14T22:13:20.000Z and was rolled back: it did not get online/,
    helps: /Correct the program/,
    result: 'warning',
  },
  {
    what: 'a version on trial',
    files: () => journal({ phase: 'trial', flight }),
    check: 'last update',
    says: /Version v2 is on trial in place of v1: it had 1 of 3 starts/,
    helps: /Let the unit run/,
    result: 'warning',
  },
  {
    what: 'an update that was interrupted',
    files: () => journal({ phase: 'swapping', flight }),
    check: 'last update',
    says: /The update from v1 to v2 has not ended/,
    helps: /Start the unit/,
    result: 'warning',
  },
  {
    what: 'a damaged journal',
    files: () => ({ '.pepeunit/update.json': '{"format":1,"phase":' }),
    check: 'last update',
    says: /update\.json is damaged/,
    helps: /The next start begins a new journal/,
    result: 'warning',
  },
  {
    what: 'a supervisor that was killed',
    files: () => ({
      '.pepeunit/supervisor.json': JSON.stringify({
        holder: { pid: 2 ** 30, since: '1', place: ownPlace },
        nonce: 'n',
        beat: 1,
      }),
    }),
    check: 'supervisor',
    says: /process 1073741824\) was killed/,
    helps: /Start pepeunit run again/,
    result: 'warning',
  },
];

testRows(() => clinic, rows);

test('a program in TypeScript, on a Node that does not run it', async () => {
  const folder = await clinic.patient(
    { SPEED: 1 },
    { 'package.json': '{"main":"main.ts"}', 'main.ts': 'export {};\n' },
  );
  const isRun = Boolean((process.features as { typescript?: unknown }).typescript);
  const { first } = await diagnose(folder, clinic.env, {
    env: isRun ? { NODE_OPTIONS: '--no-experimental-strip-types' } : {},
  });
  expect(first).toMatchObject({ check: 'program', result: 'failed' });
  expect(first?.detail).toMatch(/main\.ts is TypeScript, which this Node .* does not run/);
  expect(first?.remedy).toMatch(/Node 22\.18/);
});

const message = (id: number) =>
  encodeMessage(
    {
      id,
      topic: 'unit.test/a',
      payload: new Uint8Array([1, 2, 3]),
      qos: 1,
      retain: false,
      acceptedMs: 1,
      unit: undefined,
    },
    0,
  );
const withOutbox = async (bytes: Uint8Array) => {
  const folder = await clinic.patient();
  const outbox = join(folder, '.pepeunit/outbox');
  await mkdir(outbox, { recursive: true });
  await writeFile(join(outbox, '00000001-00000000.log'), bytes);
  return { folder, outbox };
};

describe('the outbox', () => {
  test.each([
    ['1 message', [message(1)]],
    ['2 messages', [message(1), message(2), message(3).subarray(0, 12)]],
  ])('counts what waits, %s, and changes nothing', async (count, written) => {
    const { folder, outbox } = await withOutbox(Buffer.concat(written));
    const { code, of } = await diagnose(folder, clinic.env);
    expect(code).toBe(0);
    expect(of('outbox')).toMatchObject({
      result: 'ok',
      detail: expect.stringMatching(new RegExp(`^${count} waiting, \\d+ bytes$`)),
    });
    await rm(join(outbox, '00000001-00000000.log'));
    await rm(outbox, { recursive: false }).catch(() => undefined);
  });

  test('finds damage, and messages that could not be delivered', async () => {
    const torn = message(2);
    torn.writeUInt8(255, 15);
    const { folder, outbox } = await withOutbox(Buffer.concat([message(1), torn, message(3)]));
    await writeFile(join(outbox, 'dead.ndjson'), '{"reason":"denied"}\n');
    const { code, first } = await diagnose(folder, clinic.env);
    expect(code).toBe(0);
    expect(first).toMatchObject({ check: 'outbox', result: 'warning' });
    expect(first?.detail).toMatch(/files are damaged, and 1 message not delivered.*; 2 messages waiting/);
  });
});
