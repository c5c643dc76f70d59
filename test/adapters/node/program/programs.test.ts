import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { newKeyPair, privateKey, signRelease } from '../../../../adapters/node/signing/keys.ts';
import { FolderTrust } from '../../../../adapters/node/signing/trust.ts';
import { noise } from '../../../lab/hostile/corpus-streams.ts';
import { startHttpServer } from '../../../support/http-server.ts';
import { ending, program, serve, sha256, stageDocuments, unitFolder } from '../../../support/program-bench.ts';
import type { ProgramServer } from '../../../support/program-server.ts';

const shell = (text: string): Buffer => Buffer.from(`#!/bin/sh\n${text}\n`);

describe('a program is staged beside the documents (U10)', () => {
  test('whole, executable, alone with env.json and schema.json, and nothing is left of the download', async () => {
    const server = await serve(program);
    const bench = await stageDocuments();
    expect(await bench.fetch(`${server.origin}/app-v2`)).toEqual({ bytes: program.length });
    expect(bench.staged().equals(program)).toBe(true);
    expect(statSync(path.join(bench.staging, 'bin/app')).mode & 0o777).toBe(0o700);
    expect(readdirSync(bench.staging).toSorted()).toEqual(['bin', 'env.json', 'schema.json']);
    expect(bench.downloads()).toEqual([]);
  });

  test('the swap puts it in place by a rename, with the previous one kept', async () => {
    const server = await serve(program);
    const bench = await stageDocuments();
    mkdirSync(path.join(bench.unit, 'bin'));
    writeFileSync(path.join(bench.unit, 'bin/app'), 'old');
    writeFileSync(path.join(bench.unit, 'notes.txt'), 'mine');
    await bench.fetch(`${server.origin}/app`);
    const { ino } = statSync(path.join(bench.staging, 'bin/app'));
    const trial = { maxStarts: 3, healthyWithinMs: 1000 };
    await bench.store.swap(bench.id, { scope: 'compiled', from: 'v1', to: 'v2', trial });
    expect(statSync(path.join(bench.unit, 'bin/app')).ino).toBe(ino);
    expect(readFileSync(path.join(bench.unit, 'notes.txt'), 'utf8')).toBe('mine');
    await bench.store.rollBack({ reason: 'for the test' });
    expect(readFileSync(path.join(bench.unit, 'bin/app'), 'utf8')).toBe('old');
  });

  test('the sha256 of the link is held to, whatever its case', async () => {
    const server = await serve(program);
    const bench = await stageDocuments();
    await expect(bench.fetch(`${server.origin}/app#sha256=${'0'.repeat(64)}`)).rejects.toMatchObject({
      code: 'digest',
    });
    expect(bench.downloads()).toEqual([]);
    await bench.fetch(`${server.origin}/app#sha256=${sha256(program).toUpperCase()}`);
    expect(bench.staged().equals(program)).toBe(true);
    expect(server.requests.map(({ url }) => url)).toEqual(['/app', '/app']);
  });

  test('an empty one, one for another machine and one that nobody names are refused', async () => {
    const empty = await serve(Buffer.alloc(0));
    await expect((await stageDocuments()).fetch(`${empty.origin}/app`)).rejects.toMatchObject({ code: 'selfTest' });
    const elf = Buffer.from(readFileSync(process.execPath).subarray(0, 4096));
    elf.writeUInt16LE(0xf00d, 18);
    const foreign = await serve(elf);
    await expect((await stageDocuments()).fetch(`${foreign.origin}/app`)).rejects.toMatchObject({ code: 'selfTest' });
    await expect((await stageDocuments({ program: undefined })).fetch(`${foreign.origin}/app`)).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  test('one that is too large is refused, announced or not, as is an error page', async () => {
    const announced = await serve(program);
    await expect((await stageDocuments({ maxBytes: 1000 })).fetch(`${announced.origin}/app`)).rejects.toMatchObject({
      code: 'tooLarge',
    });
    const endless = await startHttpServer((_, response) => {
      const more = () => void (response.destroyed || (response.write(Buffer.alloc(65_536)), setImmediate(more)));
      more();
    });
    ending(endless);
    await expect((await stageDocuments({ maxBytes: 1_000_000 })).fetch(`${endless.origin}/app`)).rejects.toMatchObject({
      code: 'tooLarge',
    });
    const page = await serve(Buffer.from('<html></html>'), { headers: { 'content-type': 'text/html; charset=utf-8' } });
    await expect((await stageDocuments()).fetch(`${page.origin}/app`)).rejects.toMatchObject({
      name: 'RestError',
      code: 'malformed',
    });
    const packed = await serve(program, { headers: { 'content-encoding': 'identity, gzip' } });
    await expect((await stageDocuments()).fetch(`${packed.origin}/app`)).rejects.toMatchObject({ name: 'RestError' });
  });
});

describe('the self-test (U10, C16)', () => {
  const selfTest = { args: ['--self-test', '$(touch escaped); "x"'], withinMs: 10_000 };

  test('a program that passes it is staged; it runs without a shell, beside the new documents', async () => {
    const server = await serve(
      shell('[ "$PEPEUNIT_SELF_TEST" = 1 ] && [ "$1" = --self-test ] && [ -f env.json ] && echo x > left'),
    );
    const bench = await stageDocuments({ selfTest });
    await bench.fetch(`${server.origin}/app`);
    expect(readdirSync(bench.staging).toSorted()).toEqual(['bin', 'env.json', 'schema.json']);
    expect(existsSync(path.join(bench.staging, 'escaped'))).toBe(false);
  });

  test.each([
    ['fails', 'exit 3', 10_000],
    ['hangs, with a child of its own', 'sleep 100 & wait', 300],
    ['is no program', undefined, 10_000],
  ])('one that %s is refused', async (_, text, withinMs) => {
    const server = await serve(text === undefined ? noise(100) : shell(text));
    const bench = await stageDocuments({ selfTest: { ...selfTest, withinMs } });
    await expect(bench.fetch(`${server.origin}/app`)).rejects.toMatchObject({
      name: 'FirmwareError',
      code: 'selfTest',
    });
  });
});

describe('with a trust key (U9)', () => {
  const pair = newKeyPair();
  const releaseOf = (body: Uint8Array, release: number, key = pair): string =>
    JSON.stringify(signRelease({ kind: 'program', release, files: { app: sha256(body) } }, privateKey(key.privatePem)));
  const strict = (unit: string) => new FolderTrust({ folder: unit, keys: [pair.publicText] });

  let server: ProgramServer;
  beforeEach(async () => {
    server = await serve(program);
  });
  const fetchWith = async (release: string | undefined) => {
    server.serving.files = release === undefined ? {} : { '/app.release.json': release };
    const unit = unitFolder();
    const bench = await stageDocuments({ trust: strict(unit) });
    return bench.fetch(`${server.origin}/app`).then(
      () => bench,
      (error: unknown) => error as { code: string },
    );
  };

  test('the release beside the program is what counts', async () => {
    expect(await fetchWith(undefined)).toMatchObject({ code: 'unsigned' });
    expect(await fetchWith('<html>')).toMatchObject({ code: 'unsigned' });
    expect(await fetchWith(releaseOf(program, 2, newKeyPair()))).toMatchObject({ code: 'tampered' });
    expect(await fetchWith(releaseOf(program, 2).replace('"release":2', '"release":3'))).toMatchObject({
      code: 'tampered',
    });
    expect(await fetchWith(releaseOf(noise(5), 2))).toMatchObject({ code: 'digest' });
    expect(await fetchWith(releaseOf(program, 2))).toMatchObject({ id: expect.any(String) as string });
  });

  test('an older release than the newest that ran is refused, also after a restart', async () => {
    const bench = (await fetchWith(releaseOf(program, 5))) as Awaited<ReturnType<typeof stageDocuments>>;
    const trial = { maxStarts: 3, healthyWithinMs: 1000 };
    await bench.store.swap(bench.id, { scope: 'compiled', from: '1', to: '2', trial });
    await bench.store.confirm();
    await strict(bench.unit).remember();
    expect(await fetchWith(releaseOf(program, 4))).toMatchObject({ code: 'outdated' });
    writeFileSync(path.join(bench.unit, 'pepeunit-release.json'), '{}');
    expect(await fetchWith(releaseOf(program, 4))).toMatchObject({ code: 'outdated' });
    expect(await fetchWith(releaseOf(program, 5))).toMatchObject({ id: expect.any(String) as string });
  });
});

test('a folder that can not be written is an I/O error with advice', async () => {
  const server = await serve(program);
  const bench = await stageDocuments();
  writeFileSync(path.join(bench.unit, '.pepeunit/downloads'), 'in the way');
  chmodSync(path.join(bench.unit, '.pepeunit/downloads'), 0o600);
  await expect(bench.fetch(`${server.origin}/app`)).rejects.toMatchObject({ name: 'FirmwareError', code: 'io' });
});
