import { writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect } from 'vitest';
import { SearchScope, SearchTopicType } from '../../../app/node.ts';
import { inputNode, type Rows } from './rows.ts';

export const settingsRows: Rows = {
  unitUuid: async ({ client, row }) => {
    expect(client.settings.unitUuid).toBe(row.uuid);
    await client.settings.loadFromFile();
    expect(client.settings.unitUuid).toBe(row.uuid);
  },
  loadFromFile: async ({ client, path, read }) => {
    await client.settings.loadFromFile();
    await writeFile(path('env.json'), JSON.stringify({ ...JSON.parse(await read('env.json')), DELAY: 3 }));
    await client.settings.loadFromFile();
    expect(client.settings['DELAY']).toBe(3);
    await writeFile(path('env.json'), '<html>');
    await expect(client.settings.loadFromFile()).rejects.toMatchObject({ name: 'SettingsError', code: 'malformed' });
    expect(client.settings['DELAY']).toBe(3);
  },
  get: async ({ client }) => {
    await client.settings.loadFromFile();
    expect(client.settings.get('PU_HTTP_TYPE')).toBe('http');
  },
};

export const schemaRows: Rows = {
  updateFromFile: async ({ client, path }) => {
    await client.schema.updateFromFile();
    await writeFile(path('schema.json'), '[]');
    await expect(client.schema.updateFromFile()).rejects.toMatchObject({ name: 'SchemaError' });
    expect(Object.keys(client.schema.inputTopic)).toEqual(['input/pepeunit']);
  },
  inputBaseTopic: async ({ client }) => {
    await client.schema.updateFromFile();
    expect(Object.keys(client.schema.inputBaseTopic)).toContain('update/pepeunit');
  },
  outputBaseTopic: async ({ client }) => {
    await client.schema.updateFromFile();
    expect(Object.keys(client.schema.outputBaseTopic).toSorted()).toEqual(['log/pepeunit', 'state/pepeunit']);
  },
  inputTopic: async ({ client }) => {
    await client.schema.updateFromFile();
    expect(Object.keys(client.schema.inputTopic)).toEqual(['input/pepeunit']);
  },
  outputTopic: async ({ client }) => {
    await client.schema.updateFromFile();
    expect(Object.keys(client.schema.outputTopic)).toEqual(['output/pepeunit']);
  },
  findTopicByUnitNode: async (live) => {
    await live.client.schema.updateFromFile();
    const find = live.client.schema.findTopicByUnitNode;
    expect(find(inputNode(live), SearchTopicType.UnitNodeUuid, SearchScope.Input)).toBe('input/pepeunit');
    expect(find(live.topic('output_topic', 'output/pepeunit'), SearchTopicType.FullName, SearchScope.All)).toBe(
      'output/pepeunit',
    );
  },
};

const archive = async (path: string, bytes: (tar: Buffer) => Buffer): Promise<void> => {
  const tar = pack();
  tar.entry({ name: 'inside.txt' }, 'inside');
  tar.finalize();
  await writeFile(path, bytes(await buffer(tar)));
};

export const fileManagerRows: Rows = {
  readJson: async ({ client, path }) => {
    expect(await client.fileManager.readJson(path('schema.json'))).toHaveProperty('input_topic');
    expect(await client.fileManager.readJson(path('nowhere.json'))).toBeUndefined();
  },
  writeJson: async ({ client, path, read }) => {
    await client.fileManager.writeJson(path('deep/down/file.json'), { a: [1] });
    expect(JSON.parse(await read('deep/down/file.json'))).toEqual({ a: [1] });
  },
  fileExists: async ({ client, path }) => {
    expect(await client.fileManager.fileExists(path('nowhere.json'))).toBe(false);
  },
  iterLinesBytes: async ({ client, path }) => {
    await writeFile(path('lines.txt'), 'one\n\ntwo\r\nthree');
    const seen: string[] = [];
    await client.fileManager.iterLinesBytes(path('lines.txt'), (line) => seen.push(Buffer.from(line).toString()));
    expect(seen).toEqual(['one', 'two', 'three']);
  },
  lines: async ({ client, path }) => {
    await writeFile(path('lines.txt'), 'one\ntwo\n');
    const seen: string[] = [];
    for await (const line of client.fileManager.lines(path('lines.txt'))) seen.push(Buffer.from(line).toString());
    expect(seen).toEqual(['one', 'two']);
  },
  extractTarGz: async ({ client, path, read }) => {
    await archive(path('plain.tar'), (tar) => tar);
    await archive(path('packed.tgz'), gzipSync);
    for (const name of ['plain.tar', 'packed.tgz']) {
      await client.fileManager.extractTarGz(path(name), path(`${name}.d`));
      expect(await read(`${name}.d/inside.txt`)).toBe('inside');
    }
  },
};
