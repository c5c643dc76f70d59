import { mkdir, readdir, readFile, rename, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { temporaryFolder } from '../../support/folder.ts';

const home = process.cwd();
let live: LiveUnit;
let elsewhere: string;
const clients: PepeunitClient[] = [];
beforeEach(async () => {
  live = await createLiveUnit();
  elsewhere = await temporaryFolder();
  await mkdir(join(elsewhere, 'photos'));
  await writeFile(join(elsewhere, 'photos/holiday.jpg'), 'precious');
  await writeFile(join(elsewhere, 'notes.txt'), 'precious');
});
afterEach(async () => {
  process.chdir(home);
  await Promise.all(clients.splice(0).map((client) => client.stopMainCycle()));
  await live.stop();
});

const unitHere = (folder = '.'): PepeunitClient => {
  const client = new PepeunitClient({
    envFilePath: `${folder}/env.json`,
    schemaFilePath: `${folder}/schema.json`,
    logFilePath: `${folder}/log.json`,
    ffConsoleLogEnable: false,
    restartMode: 'no_restart',
  });
  clients.push(client);
  return client;
};

/** Sends the unit the command to update, and waits for the end of it. */
const update = async (client: PepeunitClient): Promise<unknown> => {
  const ended = new Promise((resolve, reject) => {
    client.on('updateFinished', resolve);
    client.on('updateFailed', reject);
  });
  await live.instance.operator.sendCommand(live.row.uuid, 'Update');
  return ended;
};

const files = async (folder: string) => (await readdir(folder, { recursive: true })).toSorted();
const untouched = ['notes.txt', 'photos', 'photos/holiday.jpg'];

describe('an app that changes its working directory after it made the client', () => {
  test.each(['before it starts', 'while it runs'])(
    '%s: an update goes into the unit’s folder, and nothing else is touched (U2, U3)',
    async (when) => {
      process.chdir(live.folder);
      const client = unitHere();
      if (when === 'before it starts') process.chdir(elsewhere);
      await client.ready();
      process.chdir(elsewhere);
      await live.addVersion('version 2');
      await update(client);
      expect(await files(elsewhere)).toEqual(untouched);
      expect(await live.read('program.txt')).toBe('version 2');
      expect(JSON.parse(await live.read('env.json'))).toHaveProperty('PU_AUTH_TOKEN');
    },
  );

  test('env, schema, log and outbox stay where they were (U3)', async () => {
    process.chdir(live.folder);
    const client = unitHere();
    process.chdir(elsewhere);
    await client.ready();
    await client.downloadEnv();
    await client.downloadEnv('env.json');
    await client.downloadSchema();
    await client.mqttClient.disconnect();
    await client.publishToTopics('output/pepeunit', 'waits', { qos: 1 });
    client.logger.info('an entry');
    await client.stopMainCycle();
    expect(await files(elsewhere)).toEqual(untouched);
    expect(await files(join(live.folder, '.pepeunit/outbox'))).not.toEqual([]);
    expect(await live.read('log.json')).toContain('an entry');
  });

  test('a working directory that is gone is an error of the options, not a search elsewhere', async () => {
    const gone = await temporaryFolder();
    process.chdir(gone);
    await rmdir(gone);
    const client = unitHere();
    process.chdir(live.folder);
    await expect(client.ready()).rejects.toMatchObject({ name: 'ClientError', code: 'options' });
  });
});

/** Makes a folder of the unit, as a deploy tool does. */
const newFolder = async (path: string) => {
  await mkdir(path);
  await writeFile(join(path, 'env.json'), await live.read('env.json'));
  await writeFile(join(path, 'schema.json'), await live.read('schema.json'));
  await writeFile(join(path, 'program.txt'), 'deployed');
};

describe('a deploy tool that replaces the unit’s folder while it runs', () => {
  const refused = { code: 'io', message: expect.stringContaining('Restart the unit') };

  test.each(['renamed', 'behind a link'])(
    '%s: updates are refused until the unit is restarted (U2, U3)',
    async (way) => {
      const root = await temporaryFolder();
      const [first, second, current] = [join(root, '1'), join(root, '2'), join(root, 'current')];
      await newFolder(first);
      if (way === 'renamed') await rename(first, current);
      else await symlink(first, current);
      process.chdir(root);
      const client = unitHere('current');
      await client.ready();
      await newFolder(second);
      if (way === 'renamed') {
        await rename(current, first);
        await rename(second, current);
      } else {
        await symlink(second, join(root, 'next'));
        await rename(join(root, 'next'), current);
      }
      await live.addVersion('version 2');
      await expect(update(client)).rejects.toMatchObject({ failure: refused });
      await expect(client.downloadEnv()).rejects.toMatchObject(refused);
      expect(await readFile(join(current, 'program.txt'), 'utf8')).toBe('deployed');
      expect(await files(current)).not.toContain('.pepeunit/update.json');
    },
  );
});
