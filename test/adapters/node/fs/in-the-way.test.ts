import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeSupervisorLock } from '../../../../adapters/node/process/lock.ts';
import { temporaryFolder } from '../../../support/folder.ts';

const occupants: Readonly<Record<string, readonly [occupy: (path: string) => Promise<unknown>, advice: RegExp]>> = {
  'a file': [(path) => writeFile(path, ''), /EEXIST.*move it away/],
  'a link that leads nowhere': [(path) => symlink('nowhere', path), /EEXIST.*move it away/],
  'a link to itself': [(path) => symlink('.pepeunit', path), /ELOOP.*put it right/],
};

test.each(Object.entries(occupants))(
  "%s in place of the client's own folder is told for what it is (U21)",
  async (_, it) => {
    const [occupy, advice] = it;
    const folder = join(await temporaryFolder(), '.pepeunit');
    await occupy(folder);
    const told: string[] = [];
    const lock = await takeSupervisorLock({
      folder,
      graceMs: 100,
      onFailure: (thrown) => told.push((thrown as Error).message),
      onWait: () => told.push('waits'),
      stopped: new AbortController().signal,
    });
    await lock.release();
    expect(told).toEqual([expect.stringMatching(advice)]);
  },
);
