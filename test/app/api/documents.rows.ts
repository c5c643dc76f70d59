import { readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect } from 'vitest';
import { SearchScope, SearchTopicType } from '../../../app/node.ts';
import type { JsonObject } from '../../../services/json.ts';
import { writeFiles } from '../../support/folder.ts';
import { until } from '../../support/until.ts';
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
  update: async ({ client, path, read }) => {
    const before = await read('env.json');
    await client.settings.update({ DELAY: 5, PU_STATE_SEND_INTERVAL: 77 });
    expect(client.settings['DELAY']).toBe(5);
    expect(client.settings.PU_STATE_SEND_INTERVAL).toBe(77);
    expect(await read('env.json')).toBe(before);
    await client.settings.update({ DELAY: undefined });
    expect(client.settings['DELAY']).toBeUndefined();
    await expect(client.settings.update({ PU_MQTT_HOST: '' })).rejects.toMatchObject({ code: 'invalid' });
    await writeFile(path('env.json'), before);
    await client.settings.loadFromFile();
    expect(client.settings.PU_STATE_SEND_INTERVAL, 'read again').toBe(300);
  },
  save: async ({ client, another, read }) => {
    const before = JSON.parse(await read('env.json')) as JsonObject;
    await client.settings.save();
    await client.settings.update({ DELAY: 5 });
    await client.settings.save();
    expect(JSON.parse(await read('env.json'))).toEqual({ ...before, DELAY: 5 });
    expect(another().settings['DELAY']).toBe(5);
  },
  get: async ({ client }) => {
    await client.settings.loadFromFile();
    expect(client.settings.get('PU_HTTP_TYPE')).toBe('http');
  },
};

export const schemaRows: Rows = {
  update: async ({ client, instance, read }) => {
    await client.ready();
    const schema = JSON.parse(await read('schema.json')) as Record<string, Record<string, string[]>>;
    const another = 'of.another/55555555-5555-4555-8555-555555555555';
    const { input_topic: inputs = {} } = schema;
    const next = { ...schema, input_topic: { ...inputs, 'late/pepeunit': [another] } };
    const topics: string[] = [];
    instance.events.on('subscribed', ({ topic }) => topics.push(topic));
    await client.schema.update(next);
    await until(() => topics.includes(another));
    expect(topics, 'nothing else').toEqual([another]);
    expect(JSON.parse(await read('schema.json'))).toEqual(next);
    expect(Object.keys(client.schema.inputTopic)).toEqual(['input/pepeunit', 'late/pepeunit']);
    await expect(client.schema.update({})).rejects.toMatchObject({ name: 'SchemaError', code: 'invalid' });
    expect(JSON.parse(await read('schema.json'))).toEqual(next);
  },
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
    expect(await client.fileManager.fileExists(path('schema.json'))).toBe(true);
    expect(await client.fileManager.fileExists(path('.'))).toBe(true);
    expect(await client.fileManager.fileExists(path('schema.json/x'))).toBe(false);
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
  appendNdjson: async ({ client: { fileManager }, path, read }) => {
    for (const n of [1, 2, 3])
      await fileManager.appendNdjson(path('deep/n.ndjson'), { n, текст: '🙂' }, { maxLines: 2 });
    const lines = (await read('deep/n.ndjson')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { n: 2, текст: '🙂' },
      { n: 3, текст: '🙂' },
    ]);
    for (const n of [1, 2, 3]) await fileManager.appendNdjson(path('all.ndjson'), n);
    expect(await read('all.ndjson')).toBe('1\n2\n3\n');
  },
  iterNdjson: async ({ client: { fileManager }, path }) => {
    await writeFile(path('n.ndjson'), '{"a":1}\n\nnot JSON\n[2]\r\n"three"\n{"torn":');
    const seen: unknown[] = [];
    for await (const value of fileManager.iterNdjson(path('n.ndjson'))) seen.push(value);
    for await (const value of fileManager.iterNdjson(path('none.ndjson'))) seen.push(value);
    expect(seen).toEqual([{ a: 1 }, [2], 'three']);
  },
  trimNdjson: async ({ client: { fileManager }, path, read }) => {
    await writeFile(path('n.ndjson'), '1\n2\n3\n');
    await fileManager.trimNdjson(path('n.ndjson'), 2);
    expect(await read('n.ndjson')).toBe('2\n3\n');
    await fileManager.trimNdjson(path('none.ndjson'), 2);
    expect(await fileManager.fileExists(path('none.ndjson'))).toBe(false);
  },
  copyFile: async ({ client: { fileManager }, path, read }) => {
    await writeFile(path('a.sh'), '#!/bin/sh\n', { mode: 0o755 });
    await fileManager.copyFile(path('a.sh'), path('deep/папка/b.sh'));
    expect(await read('deep/папка/b.sh')).toBe('#!/bin/sh\n');
    expect((await stat(path('deep/папка/b.sh'))).mode & 0o777).toBe(0o755);
    for (const source of [path('none'), path('deep')]) {
      await expect(fileManager.copyFile(source, path('c'))).rejects.toMatchObject({ name: 'StorageError' });
    }
    expect(await fileManager.fileExists(path('c'))).toBe(false);
  },
  copyDirectory: async ({ client: { fileManager }, path, read }) => {
    await writeFiles(path('a'), { 'x.txt': 'new', 'deep/y.txt': 'y' });
    await symlink('x.txt', path('a/link'));
    await writeFiles(path('b'), { 'x.txt': 'old', 'stays.txt': 'stays' });
    await fileManager.copyDirectory(path('a'), path('b'));
    expect([await read('b/x.txt'), await read('b/deep/y.txt'), await read('b/stays.txt')]).toEqual([
      'new',
      'y',
      'stays',
    ]);
    expect(await readlink(path('b/link'))).toBe('x.txt');
    for (const source of [path('none'), path('a/x.txt')]) {
      await expect(fileManager.copyDirectory(source, path('c'))).rejects.toMatchObject({ name: 'StorageError' });
    }
  },
  createDirectory: async ({ client: { fileManager }, path }) => {
    for (let count = 0; count < 2; count += 1) await fileManager.createDirectory(path('deep/down'));
    expect((await stat(path('deep/down'))).isDirectory()).toBe(true);
    await writeFile(path('file'), '');
    await expect(fileManager.createDirectory(path('file/down'))).rejects.toMatchObject({ name: 'StorageError' });
  },
  removeDirectory: async ({ client: { fileManager }, path, read }) => {
    await writeFiles(path('outside'), { 'x.txt': 'x' });
    await writeFiles(path('deep'), { 'down/x.txt': 'x' });
    await symlink(path('outside'), path('deep/link'));
    for (let count = 0; count < 2; count += 1) await fileManager.removeDirectory(path('deep'));
    expect(await fileManager.fileExists(path('deep/down/x.txt'))).toBe(false);
    expect(await read('outside/x.txt')).toBe('x');
    await expect(fileManager.removeDirectory(path('env.json'))).rejects.toMatchObject({ code: 'unsupported' });
  },
  createTarGz: async ({ client: { fileManager }, path, read }) => {
    await writeFiles(path('a'), { 'x.txt': 'x', 'deep/файл.txt': 'слово'.repeat(100_000), 'empty/.keep': '' });
    await symlink('x.txt', path('a/link'));
    await fileManager.createTarGz(path('a'), path('a/out.tgz'));
    const first = await readFile(path('a/out.tgz'));
    await fileManager.createTarGz(path('a'), path('a/out.tgz'));
    expect(await readFile(path('a/out.tgz'))).toEqual(first);
    await fileManager.extractTarGz(path('a/out.tgz'), path('b'));
    expect((await readdir(path('b'), { recursive: true })).toSorted()).toEqual(
      ['deep', 'deep/файл.txt', 'empty', 'empty/.keep', 'link', 'x.txt'].toSorted(),
    );
    expect(await read('b/deep/файл.txt')).toBe('слово'.repeat(100_000));
    await expect(fileManager.createTarGz(path('none'), path('c.tgz'))).rejects.toMatchObject({ name: 'StorageError' });
    expect(await fileManager.fileExists(path('c.tgz'))).toBe(false);
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
