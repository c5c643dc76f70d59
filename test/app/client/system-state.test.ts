import { existsSync } from 'node:fs';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { createTestUnit } from '../../../app/testing.ts';
import { envDocument } from '../../support/documents.ts';
import { settle, until } from '../../support/until.ts';

const otherDisk = '/dev/shm';

test.skipIf(!existsSync(otherDisk))(
  `the state tells of the disk that the unit is on, not of that of the working directory (P1; needs ${otherDisk})`,
  async () => {
    const folder = await mkdtemp(join(otherDisk, 'pepeunit-state-'));
    try {
      await writeFile(join(folder, 'env.json'), JSON.stringify(envDocument({})));
      const client = new PepeunitClient({
        envFilePath: join(folder, 'env.json'),
        schemaFilePath: join(folder, 'schema.json'),
        logFilePath: join(folder, 'log.json'),
        ffConsoleLogEnable: false,
      });
      await client.settings.loadFromFile();
      const { statvfs } = await client.getSystemState();
      const [own, here] = await Promise.all([statfs(folder), statfs('.')]);
      expect(own.blocks).not.toBe(here.blocks);
      expect(statvfs?.[2]).toBe(own.blocks);
      await client.stopMainCycle();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

test.each<[string, () => Promise<never>]>([
  ['rejects', () => Promise.reject(new Error('the bus hangs'))],
  ['never settles', () => new Promise(() => undefined)],
])('a system adapter that %s costs neither the version nor the time, and one warning', async (_, measure) => {
  const { client, world } = createTestUnit({ adapters: { system: { measure } }, env: { PU_STATE_SEND_INTERVAL: 60 } });
  const reports: unknown[] = [];
  client.on('reported', (event) => void reports.push(event));
  await client.ready();
  const passing = async () => {
    world.clock.advance(5000);
    await settle();
  };
  await until(async () => {
    await passing();
    return reports.length >= 3;
  });
  const asked = client.getSystemState();
  await passing();
  expect(await asked).toMatchObject({ pu_commit_version: client.settings.PU_COMMIT_VERSION });
  const warnings = world.console.entries.filter(({ level }) => level === 'Warning');
  expect(warnings).toMatchObject([{ text: expect.stringContaining('The state report goes without metrics') }]);
  await client.stopMainCycle();
});
