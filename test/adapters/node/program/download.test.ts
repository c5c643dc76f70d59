import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { noise } from '../../../lab/hostile/corpus-streams.ts';
import { startHttpServer, type HttpServer } from '../../../support/http-server.ts';
import { ending, program, serve, stageDocuments } from '../../../support/program-bench.ts';
import type { ProgramServing } from '../../../support/program-server.ts';
import { until } from '../../../support/until.ts';

const rangesOf = (server: HttpServer) => server.requests.map(({ headers }) => headers.range);
const hostOf = (server: HttpServer): string => new URL(server.origin).host;

describe('a download goes on where it was (U16)', () => {
  test('over cut connections, to identical bytes, without asking twice for any', async () => {
    const server = await serve(program, { cutAfter: 1_500_000 });
    const bench = await stageDocuments();
    await bench.fetch(`${server.origin}/app`);
    expect(bench.staged().equals(program)).toBe(true);
    expect(server.requests.length).toBeGreaterThanOrEqual(3);
    expect(
      rangesOf(server)
        .slice(1)
        .every((range) => /^bytes=[1-9]\d*-$/.test(range ?? '')),
    ).toBe(true);
    expect(server.requests[1]?.headers['if-range']).toBe('"v1"');
  });

  test('in a new process, and when the last one knew only what was synced', async () => {
    const server = await serve(program, { pauseMs: 50 });
    const first = await stageDocuments();
    const abort = new AbortController();
    const given = first.fetch(`${server.origin}/app`, abort.signal).catch((error: unknown) => error);
    await until(() => server.requests.length > 0 && first.downloads().some((name) => name.endsWith('.json')));
    abort.abort();
    expect(await given).toMatchObject({ name: 'RestError', code: 'aborted' });
    server.serving.pauseMs = 0;
    const part = first.downloads().find((name) => name.endsWith('.part')) ?? '';
    const file = path.join(first.unit, '.pepeunit/downloads', part);
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('torn by a crash')]));
    const second = await stageDocuments();
    await second.fetch(`${server.origin}/app`);
    expect(second.staged().equals(program)).toBe(true);
    expect(rangesOf(server)[1]).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test('from zero when the ETag has changed, the server gives no parts, or nothing tells that it is the same', async () => {
    const cases: Partial<ProgramServing>[] = [
      { etag: '"v2"' },
      { ranges: false },
      { etag: 'W/"weak"' },
      { etag: undefined, lastModified: new Date(Date.now() - 60_000).toUTCString() },
    ];
    for (const then of cases) {
      const server = await serve(noise(program.length, 7), {
        cutAfter: 1_200_000,
        ...('ranges' in then || then.etag?.startsWith('W/') ? then : {}),
      });
      const bench = await stageDocuments();
      const link = `${server.origin}/app`;
      server.serving.headers = { connection: 'close' };
      const abort = new AbortController();
      const given = bench.fetch(link, abort.signal).catch(() => undefined);
      await until(() => server.requests.length > 0);
      abort.abort();
      await given;
      Object.assign(server.serving, { body: program, cutAfter: undefined, ...then });
      await bench.fetch(link);
      expect(bench.staged().equals(program)).toBe(true);
    }
  });

  test('by a date, where there is no ETag', async () => {
    const lastModified = new Date(Date.now() - 3_600_000).toUTCString();
    const server = await serve(program, { etag: undefined, lastModified, cutAfter: 2_000_000 });
    const bench = await stageDocuments();
    await bench.fetch(`${server.origin}/app`);
    expect(bench.staged().equals(program)).toBe(true);
    expect(server.requests[1]?.headers['if-range']).toBe(lastModified);
  });

  test('a connection that stalls is given up, and what came is kept', async () => {
    const server = await serve(program, { pauseMs: 60_000 });
    const bench = await stageDocuments({ timeoutMs: 300 });
    await expect(bench.fetch(`${server.origin}/app`)).rejects.toMatchObject({ name: 'RestError', code: 'timeout' });
    server.serving.pauseMs = 0;
    await bench.fetch(`${server.origin}/app`);
    expect(bench.staged().equals(program)).toBe(true);
    expect(rangesOf(server).at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
  });
});

describe('where a program may come from (C2, C4, C14)', () => {
  test('no header tells who asks, to no host on the way', async () => {
    const target = await serve(program);
    const first = await startHttpServer(
      (_, response) => void response.writeHead(302, { location: `${target.origin}/app`, 'set-cookie': 'a=b' }).end(),
    );
    ending(first);
    await (await stageDocuments()).fetch(`${first.origin}/latest?key=secret`);
    for (const { headers } of [...first.requests, ...target.requests]) {
      const told = Object.keys(headers).filter((name) => /token|auth|cookie|referer|origin/i.test(name));
      expect(told).toEqual([]);
    }
    expect([first.requests.length, target.requests.length]).toEqual([1, 1]);
  });

  test.each([
    ['http where it is not allowed', 'http://127.0.0.1:1/app'],
    ['another scheme', 'file:///bin/sh'],
    ['another scheme', 'ftp://host/app'],
    ['a data link', 'data:application/octet-stream,x'],
    ['a password', 'https://user:secret@host/app'],
    ['no address', 'app-v2'],
    ['a digest that is none', 'https://host/app#sha256=abc'],
  ])('%s is refused before anyone is asked: %s', async (_, link) => {
    const bench = await stageDocuments({ policy: { allowHttp: false } });
    const thrown: unknown = await bench.fetch(link).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'FirmwareError', code: 'link' });
    expect(String(thrown)).not.toContain('secret');
  });

  test('hosts that are not in the list are refused, also behind a redirect', async () => {
    const target = await serve(program);
    const first = await startHttpServer(
      (_, response) => void response.writeHead(302, { location: `${target.origin}/app` }).end(),
    );
    ending(first);
    const strict = await stageDocuments({ policy: { allowHttp: true, hosts: [hostOf(first)] } });
    await expect(strict.fetch(`${first.origin}/app`)).rejects.toMatchObject({ code: 'link' });
    await expect(strict.fetch(`${target.origin}/app`)).rejects.toMatchObject({ code: 'link' });
    expect(target.requests).toHaveLength(0);
    const both = await stageDocuments({ policy: { allowHttp: true, hosts: [hostOf(first), hostOf(target)] } });
    await both.fetch(`${first.origin}/app`);
  });

  test('a redirect that leads nowhere, or round in a circle, ends', async () => {
    const server = await startHttpServer(
      ({ url }, response) => void response.writeHead(302, url === '/round' ? { location: '/round' } : {}).end(),
    );
    ending(server);
    const bench = await stageDocuments();
    for (const where of ['/round', '/nowhere']) {
      await expect(bench.fetch(server.origin + where)).rejects.toMatchObject({ name: 'RestError', code: 'redirect' });
    }
  });
});
