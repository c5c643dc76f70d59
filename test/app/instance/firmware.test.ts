import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { packTgz, type ArchiveFile } from '../../../app/instance/model/archive.ts';
import { addUnit, api, programFiles, startTestInstance, createProgramFolder } from '../../support/instance.ts';
import { executable } from '../../support/executable.ts';
import { temporaryFolder } from '../../support/folder.ts';

const run = promisify(execFile);

interface Member {
  readonly text: string;
  readonly mode: number | undefined;
  readonly type: string | null | undefined;
  readonly linkname: string | null | undefined;
}

const untar = async (bytes: Uint8Array): Promise<Map<string, Member>> => {
  const members = new Map<string, Member>();
  const reader = extract();
  reader.end(Buffer.from(bytes));
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, mode, type, linkname } = entry.header;
    members.set(name, { text: Buffer.concat(chunks).toString(), mode, type, linkname });
  }
  return members;
};

const download = async (kind: string, query = '') => {
  const { instance } = await startTestInstance();
  const folder = await createProgramFolder({ [`${'long-'.repeat(30)}name.txt`]: 'long' });
  await writeFile(join(folder, 'start.sh'), '#!/bin/sh\n');
  await chmod(join(folder, 'start.sh'), 0o755);
  const unit = await addUnit(instance, { folder, env: {} });
  const response = await api(instance, unit.token)('GET', `/units/firmware/${kind}/${unit.uuid}${query}`);
  expect(response.status).toBe(200);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get('content-length')).toBe(String(bytes.length));
  return { bytes, env: await instance.operator.getEnv(unit.uuid), schema: instance.operator.getSchema(unit.uuid) };
};

/** What a tar of the unit must hold, as far as it does. */
const picture = (members: Map<string, Member>) => ({
  folders: [members.get('./')?.type, members.get('./lib/deep/')?.type],
  files: Object.fromEntries(Object.keys(programFiles()).map((name) => [name, members.get(`./${name}`)?.text])),
  env: JSON.parse(members.get('./env.json')?.text ?? '') as unknown,
  schema: JSON.parse(members.get('./schema.json')?.text ?? '') as unknown,
  modes: [members.get('./start.sh')?.mode, members.get('./main.py')?.mode],
  longName: members.get(`./${'long-'.repeat(30)}name.txt`)?.text,
});

const whole = (env: unknown, schema: unknown) => ({
  folders: ['directory', 'directory'],
  files: programFiles(),
  env,
  schema,
  modes: [0o755, 0o644],
  longName: 'long',
});

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('firmware archives', () => {
  it('tar: the files of the version, env.json and schema.json, named as the platform names them', async () => {
    const { bytes, env, schema } = await download('tar');
    expect(picture(await untar(bytes))).toEqual(whole(env, schema));
  });

  it('zip: the same', async () => {
    const { bytes, env, schema } = await download('zip');
    const files = unzipSync(bytes);
    const text = (name: string) => Buffer.from(files[name] ?? []).toString();
    for (const [name, content] of Object.entries(programFiles())) expect(text(name)).toBe(content);
    expect(JSON.parse(text('env.json'))).toEqual(env);
    expect(JSON.parse(text('schema.json'))).toEqual(schema);
  });

  it('tgz: what a unit asks for, a zlib stream of the smallest window', async () => {
    const { bytes, env, schema } = await download('tgz', '?wbits=9&level=9');
    expect(bytes[0]).toBe(0x18);
    expect(picture(await untar(inflateSync(bytes, { windowBits: 9 })))).toEqual(whole(env, schema));
    expect((await download('tgz')).bytes[0]).toBe(0x18);
  });

  const files: ArchiveFile[] = [{ path: 'a.txt', bytes: Buffer.from('aaaa'.repeat(5000)), executable: false }];

  it.each(range(9, 15))('tgz: wbits %i is a zlib stream', async (wbits) => {
    const bytes = await packTgz(files, { wbits, level: 6 });
    expect((bytes[0] ?? 0) >> 4).toBe(wbits - 8);
    expect((await untar(inflateSync(bytes, { windowBits: wbits }))).get('./a.txt')?.text).toHaveLength(20_000);
  });

  it.each(range(25, 31))('tgz: wbits %i is gzip', async (wbits) => {
    const bytes = await packTgz(files, { wbits, level: -1 });
    expect([...bytes.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    expect((await untar(gunzipSync(bytes))).get('./a.txt')?.text).toHaveLength(20_000);
  });

  it.each(range(-15, -9))('tgz: wbits %i is raw deflate', async (wbits) => {
    const bytes = await packTgz(files, { wbits, level: 0 });
    expect((await untar(inflateRawSync(bytes, { windowBits: -wbits }))).get('./a.txt')?.text).toHaveLength(20_000);
  });

  it('tgz: refuses what zlib does not have', async () => {
    const { instance } = await startTestInstance();
    const unit = await addUnit(instance);
    const queries = ['wbits=8', 'wbits=16', 'wbits=24', 'wbits=32', 'wbits=-8', 'wbits=-16', 'wbits=x', 'wbits=9.5'];
    for (const query of [...queries, 'level=10', 'level=-2', 'level=x']) {
      const response = await api(instance, unit.token)('GET', `/units/firmware/tgz/${unit.uuid}?${query}`);
      expect([query, response.status]).toEqual([query, 422]);
    }
  });

  it.skipIf(executable('tar') === undefined)(
    `GNU tar unpacks the archive${executable('tar') === undefined ? ' (skipped: tar is not installed)' : ''}`,
    async () => {
      const { bytes } = await download('tgz', '?wbits=31');
      const folder = await temporaryFolder();
      await writeFile(join(folder, 'firmware.tgz'), bytes);
      await mkdir(join(folder, 'out'));
      await run('tar', ['-xzf', join(folder, 'firmware.tgz'), '-C', join(folder, 'out')]);
      expect(await readFile(join(folder, 'out/lib/deep/fan.py'), 'utf8')).toBe('duty = 0\n');
      expect((await stat(join(folder, 'out/start.sh'))).mode & 0o777).toBe(0o755);
    },
  );

  it.skipIf(executable('python3') === undefined)(
    `Python's zlib, tarfile and zipfile read the archives${executable('python3') === undefined ? ' (skipped: python3 is not installed)' : ''}`,
    async () => {
      const folder = await temporaryFolder();
      await writeFile(join(folder, 'f.tgz'), (await download('tgz', '?wbits=9&level=9')).bytes);
      await writeFile(join(folder, 'f.zip'), (await download('zip')).bytes);
      const script = [
        'import io, sys, tarfile, zipfile, zlib',
        'tar = tarfile.open(fileobj=io.BytesIO(zlib.decompress(open(sys.argv[1], "rb").read(), wbits=9)))',
        'print(tar.extractfile("./main.py").read().decode().strip())',
        'print(zipfile.ZipFile(sys.argv[2]).testzip(), oct(zipfile.ZipFile(sys.argv[2]).getinfo("start.sh").external_attr >> 16))',
      ].join('\n');
      const { stdout } = await run('python3', ['-c', script, join(folder, 'f.tgz'), join(folder, 'f.zip')]);
      expect(stdout).toBe('print("one")\nNone 0o100755\n');
    },
  );

  it('sends symbolic links as they are, and follows none', async () => {
    const { instance } = await startTestInstance();
    const folder = await createProgramFolder();
    await symlink('lib/deep', join(folder, 'link'));
    await symlink('/etc/passwd', join(folder, 'out'));
    const unit = await addUnit(instance, { folder });
    const response = await api(instance, unit.token)('GET', `/units/firmware/tar/${unit.uuid}`);
    const members = await untar(new Uint8Array(await response.arrayBuffer()));
    expect(members.get('./link')).toMatchObject({ type: 'symlink', text: '', linkname: 'lib/deep' });
    expect(members.get('./out')).toMatchObject({ type: 'symlink', text: '', linkname: '/etc/passwd' });
  });

  it('leaves out what git would not have: what .gitignore names, and the packages and documents of a unit', async () => {
    const { instance } = await startTestInstance();
    const folder = await createProgramFolder({
      '.gitignore': '*.part\n/data/\n',
      // What a unit that runs in the folder is just writing.
      '.pepeunit-123-0123456789abcdef.tmp': '{"PU_AUTH_TOKEN":"',
      '.pepeignore': '.gitignore\n.pepeignore\n',
      'notes.part': '',
      'data/kept.txt': '',
      'lib/data/kept.txt': '',
      'node_modules/left-pad/index.js': '',
      '.pepeunit/journal.json': '{}',
      'env.json': '{"PU_AUTH_TOKEN":"e30.e30.b3RoZXI"}',
    });
    await mkdir(join(folder, 'node_modules/.bin'));
    await symlink('../left-pad/index.js', join(folder, 'node_modules/.bin/left-pad'));
    const { uuid } = await instance.operator.createUnit({ name: 'x', folder });
    const names = (await instance.operator.getFirmware(uuid)).map(({ path }) => path);
    expect(names.toSorted()).toEqual(
      [...Object.keys(programFiles()), 'lib/data/kept.txt', 'env.json', 'schema.json'].toSorted(),
    );
  });

  it.skipIf(executable('mkfifo') === undefined)('refuses a folder with something else in it', async () => {
    const { instance } = await startTestInstance();
    const folder = await createProgramFolder();
    await run('mkfifo', [join(folder, 'link')]);
    await expect(instance.operator.createUnit({ name: 'x', folder })).rejects.toMatchObject({
      name: 'InstanceError',
      code: 'invalid',
      message: expect.stringContaining('link'),
    });
  });
});
