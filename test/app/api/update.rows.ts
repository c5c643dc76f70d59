import { readdir } from 'node:fs/promises';
import { expect } from 'vitest';
import { tarOf } from '../../support/tar.ts';
import type { Rows } from './rows.ts';

export const updateRows: Rows = {
  performUpdate: async ({ client, instance, row, addVersion, read }) => {
    const commit = await addVersion('version 2');
    await instance.operator.sendCommand(row.uuid, 'Update');
    await client.ready();
    await client.performUpdate();
    expect(await read('program.txt')).toBe('version 2');
    expect(JSON.parse(await read('env.json'))).toMatchObject({ PU_COMMIT_VERSION: commit });
  },
  updateFromArchive: async ({ client, instance, row, path, addVersion, read, write }) => {
    client.setCustomUpdateHandler(() => undefined);
    await client.ready();
    const commit = await addVersion('version 2');
    const download = async () => client.restClient.downloadUpdate(path('update.tgz'));
    await download();
    await client.updateFromArchive(path('update.tgz'));
    expect(await client.fileManager.fileExists(path('program.txt'))).toBe(false);
    await instance.operator.sendCommand(row.uuid, 'Update');
    await download();
    await client.updateFromArchive(path('update.tgz'));
    expect(await read('program.txt')).toBe('version 2');
    expect(JSON.parse(await read('env.json'))).toMatchObject({ PU_COMMIT_VERSION: commit });
    await write('hostile.tgz', 'no archive at all');
    await expect(client.updateFromArchive(path('hostile.tgz'))).rejects.toMatchObject({ code: 'malformed' });
    await expect(client.updateFromArchive(path('none.tgz'))).rejects.toMatchObject({ name: 'StorageError' });
    const env = JSON.stringify({ ...JSON.parse(await read('env.json')), PU_AUTH_TOKEN: 'e30.eyJ1dWlkIjoieCJ9.c2ln' });
    await write('other.tar', (await tarOf({ name: 'env.json', text: env })).toString('latin1'));
    await expect(client.updateFromArchive(path('other.tar'))).rejects.toMatchObject({ name: 'SettingsError' });
    expect(await read('program.txt')).toBe('version 2');
    expect((await readdir(path('.pepeunit'))).filter((name) => name.startsWith('staging'))).toEqual([]);
  },
  downloadEnv: async ({ client, instance, row, read, path }) => {
    await client.ready();
    await instance.operator.setEnv(row.uuid, { PU_STATE_SEND_INTERVAL: 77 });
    await client.downloadEnv(path('copy.json'));
    expect(JSON.parse(await read('copy.json'))).toMatchObject({ PU_STATE_SEND_INTERVAL: 77 });
    expect(client.settings.PU_STATE_SEND_INTERVAL).toBe(300);
    await client.downloadEnv();
    expect(client.settings.PU_STATE_SEND_INTERVAL).toBe(77);
    expect(JSON.parse(await read('env.json'))).toMatchObject({ PU_STATE_SEND_INTERVAL: 77 });
  },
  downloadSchema: async ({ client, instance, row, topic, read, path }) => {
    await client.schema.updateFromFile();
    const [input, output] = ['Input', 'Output'].map(
      (type) => row.unit_nodes.find((node) => node.type === type)?.uuid ?? '',
    );
    await instance.operator.createEdge(output ?? '', input ?? '');
    await client.downloadSchema(path('copy.json'));
    expect(await read('copy.json')).toContain(output);
    expect(client.schema.inputTopic['input/pepeunit']).toHaveLength(1);
    await client.downloadSchema();
    expect(client.schema.inputTopic['input/pepeunit']).toEqual([
      topic('input_topic', 'input/pepeunit'),
      topic('output_topic', 'output/pepeunit'),
    ]);
  },
};
