import { chown, chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isInRange } from '../../../app/cli/doctor/host-checks.ts';
import { diagnose, expectFirst, startClinic, type Clinic } from '../../support/doctored-unit.ts';
import { asNobody, describeWithNamespaces, mountSmallDisk, nobodyLacks } from '../../support/namespaces.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic.stop());

test.each([
  ['20.19.0', '>=20.19.0', true],
  ['20.18.9', '>=20.19.0', false],
  ['22.0.0', '>=20.19', true],
  ['22.0.0', '>= 22', true],
  ['21.9.9', '>=22', false],
  ['22.0.0', '^20 || ^22', undefined],
  ['22.0.0', '', undefined],
])('Node %s in the range %j', (version, range, is) => {
  expect(isInRange(version, range)).toBe(is);
});

const rightsFirst = { what: '', check: 'rights' } as const;

describeWithNamespaces('disks and users', () => {
  test('a read-only disk', async () => {
    const folder = await clinic.patient();
    const disk = await mountSmallDisk(folder, 32 * 1024);
    await disk.remount('ro');
    const found = await diagnose(folder, clinic.env, { within: disk.within });
    expectFirst(found, { ...rightsFirst, says: /The file system of .* is read-only/, helps: /Mount it for writing/ });
    expect(found.of('broker login')?.result).toBe('ok');
  });

  test('a disk without space', async () => {
    const folder = await clinic.patient();
    const disk = await mountSmallDisk(folder, 4096);
    const low = await diagnose(folder, clinic.env, { within: disk.within });
    expectFirst(low, {
      what: '',
      check: 'disk space',
      result: 'warning',
      says: /Only \d\.\d MiB free: a full outbox and an update need 16 MiB/,
      helps: /Free space/,
    });
    await disk.fill();
    const full = await diagnose(folder, clinic.env, { within: disk.within });
    expectFirst(full, {
      what: '',
      check: 'disk space',
      says: /The disk is full \(0\.0 MiB free\)/,
      helps: /Free space/,
    });
  });

  test('no network at all', async () => {
    const folder = await clinic.patient({ PU_MQTT_HOST: 'broker.test', PU_DOMAIN: 'unit.test' });
    const found = await diagnose(folder, clinic.env, { within: ['unshare', '-n', '--'] });
    expectFirst(found, {
      what: '',
      check: 'broker name',
      says: /broker\.test can't be looked up \(\w+\): this machine is in no network/,
      helps: /Connect it to one/,
      skips: ['broker port', 'broker TLS', 'broker login', 'topics', 'publishing'],
    });
    expect(found.of('REST name')?.result).toBe('failed');
    expect(found.of('REST')?.detail).toBe('needs REST name first');
    expect(found.verdict).toBe('2 problems');
  });

  test('no way to the broker', async () => {
    const folder = await clinic.patient({ PU_MQTT_HOST: '192.0.2.1', PU_DOMAIN: '192.0.2.1' });
    const found = await diagnose(folder, clinic.env, { within: ['unshare', '-n', '--'] });
    expectFirst(found, {
      what: '',
      check: 'broker port',
      says: /No way leads to 192\.0\.2\.1:\d+ \(ENETUNREACH\)/,
      helps: /gateway and routes/,
      skips: ['broker login'],
    });
  });

  test.skipIf(nobodyLacks !== '')(`another user's folder ${nobodyLacks}`, async () => {
    const folder = await clinic.patient();
    await chmod(folder, 0o755);
    await chmod(join(folder, 'env.json'), 0o644);
    await chmod(join(folder, '../..'), 0o755);
    const found = await diagnose(folder, clinic.env, { within: asNobody });
    expectFirst(found, {
      ...rightsFirst,
      says: /The user 65534 can't read and write .*patient \d+ \(EACCES\); the user 0 owns it/,
      helps: /Run the unit as the owner/,
    });
  });

  test.skipIf(nobodyLacks !== '')(`an env.json and records of root's ${nobodyLacks}`, async () => {
    const folder = await clinic.patient();
    await chmod(join(folder, '../..'), 0o755);
    await chown(folder, 65534, 65534);
    await mkdir(join(folder, '.pepeunit'), { mode: 0o700 });
    const found = await diagnose(folder, clinic.env, { within: asNobody });
    expectFirst(found, {
      ...rightsFirst,
      says: /The user 65534 can't read and write env\.json, \.pepeunit \(EACCES\); the user 0 owns it/,
      helps: /chown -R 65534 ".*patient \d+"/,
    });
    expect(found.of('env.json')).toMatchObject({
      result: 'failed',
      detail: expect.stringMatching(/can't be read \(EACCES\)/),
    });
    await rm(join(folder, '.pepeunit'), { recursive: true });
  });
});
