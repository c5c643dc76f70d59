import { existsSync } from 'node:fs';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { envDocument } from '../../support/documents.ts';

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
