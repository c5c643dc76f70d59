import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startInspector, type Inspector } from '../../../../app/inspector/server/server.ts';
import { openPage } from '../../../support/inspector-page.ts';
import { createFolder } from '../../../support/folder.ts';

let inspector: Inspector;
let pageFolder: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ path: pageFolder, remove } = await createFolder());
  inspector = await startInspector({ pageFolder, version: '1.2.3', isControlled: false });
});
afterEach(async () => {
  await inspector.stop();
  await remove();
});

/** Asks over HTTP, with the headers as given. @returns The status. */
const ask = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
  const { port } = new URL(inspector.url);
  const asking = request({ host: '127.0.0.1', port, path, headers }).end();
  const [response] = (await once(asking, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
};

/** Tries to open a WebSocket. @returns `open`, or the status that it was refused with. */
const upgrade = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
  const socket = new WebSocket(new URL(path, inspector.url.replace('http:', 'ws:')), { headers });
  try {
    return await new Promise((resolve) => {
      socket.once('open', () => resolve('open'));
      socket.once('unexpected-response', (_, { statusCode }) => resolve(String(statusCode)));
      socket.once('error', ({ message }) => resolve(message));
    });
  } finally {
    socket.terminate();
  }
};

const pathname = (): string => new URL(inspector.url).pathname;

describe('who may ask', () => {
  test('without the token nothing is there', async () => {
    const wrong = `/${'A'.repeat(22)}/`;
    for (const path of ['/', '/page.js', wrong, `${wrong}recording.ndjson`, pathname().slice(0, -1)]) {
      expect([path, await ask(path)]).toEqual([path, 404]);
    }
    expect(await ask(`${pathname()}recording.ndjson`)).toBe(200);
    expect(await upgrade('/page')).toBe('404');
    expect(await upgrade(`${wrong}page`)).toBe('404');
    expect(await upgrade(`${pathname()}nothing`)).toBe('404');
    expect(await upgrade(`${pathname()}page`)).toBe('open');
  });

  test('a name that only leads here is refused, as DNS rebinding would use it', async () => {
    const { port } = new URL(inspector.url);
    for (const host of ['evil.test', `evil.test:${port}`, '127.0.0.1', `127.0.0.1.evil.test:${port}`]) {
      expect([host, await ask(`${pathname()}recording.ndjson`, { host })]).toEqual([host, 403]);
    }
    expect(await upgrade(`${pathname()}page`, { host: `evil.test:${port}` })).toBe('403');
    expect(await ask(`${pathname()}recording.ndjson`, { host: `localhost:${port}` })).toBe(200);
  });

  test('a foreign page is refused', async () => {
    const { port, origin: own } = new URL(inspector.url);
    for (const origin of [
      'https://evil.test',
      'null',
      `http://127.0.0.1:${Number(port) - 1}`,
      `https://127.0.0.1:${port}`,
    ]) {
      expect([origin, await upgrade(`${pathname()}page`, { origin })]).toEqual([origin, '403']);
      expect([origin, await ask(`${pathname()}recording.ndjson`, { origin })]).toEqual([origin, 403]);
    }
    expect(await upgrade(`${pathname()}page`, { origin: own })).toBe('open');
  });

  test('it listens on loopback alone', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all);
    for (const { address } of addresses.filter(({ internal, family }) => !internal && family === 'IPv4')) {
      const socket = connect({ host: address, port: Number(new URL(inspector.url).port) });
      const outcome = await Promise.race([
        once(socket, 'connect').then(() => 'connected'),
        once(socket, 'error').then(([error]) => (error as NodeJS.ErrnoException).code),
      ]).catch((error: NodeJS.ErrnoException) => error.code);
      socket.destroy();
      expect(outcome).toBe('ECONNREFUSED');
    }
  });

  test('every answer forbids what the page does not need', async () => {
    const response = await fetch(`${inspector.url}recording.ndjson`);
    const { headers } = response;
    await response.text();
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  });
});

const line = (number: number): string => `["l",${number},"Info","line ${number} ${'x'.repeat(200)}"]`;

const feed = (from: number, to: number) =>
  inspector.sources.add(
    'unit',
    0,
    Array.from({ length: to - from }, (_, index) => line(from + index)),
  );

describe('pages', () => {
  test('a page gets what was there first, then what comes', async () => {
    feed(0, 1000);
    await using page = await openPage(inspector.url);
    expect(page.hello).toEqual({ v: 1, isControlled: false, canLayOut: false, version: '1.2.3' });
    await page.until(() => page.lines.length >= 1000);
    feed(1000, 1003);
    await page.until(() => page.lines.length >= 1003);
    expect(page.lines).toEqual(Array.from({ length: 1003 }, (_, number) => line(number)));
    expect(page.lost).toBe(0);
  });

  test('no message is much longer than 64 KiB, and each says whose lines it has', async () => {
    feed(0, 2000);
    await using page = await openPage(inspector.url);
    await page.until(() => page.lines.length >= 2000);
    expect(Math.max(...page.frames.map((frame) => Buffer.byteLength(frame)))).toBeLessThanOrEqual(64 * 1024 + 100);
    expect(page.frames.every((frame) => frame.startsWith('["#","unit",'))).toBe(true);
  });

  test('a page that does not read loses the oldest, and learns exactly how many', async () => {
    await using page = await openPage(inspector.url);
    feed(0, 10);
    await page.until(() => page.lines.length >= 10);
    page.pause();
    // More than sockets and the ring hold.
    for (let from = 10; from < 150_010; from += 1000) {
      feed(from, from + 1000);
      if (from % 10_000 === 10) await new Promise((resolve) => setImmediate(resolve));
    }
    page.resume();
    await page.until(() => page.lines.at(-1) === line(150_009));
    expect(page.lost).toBeGreaterThan(0);
    expect(page.lines.length + page.lost).toBe(150_010);
  });

  test('a fifth page is told that there are enough', async () => {
    const pages = await Promise.all(Array.from({ length: 4 }, () => openPage(inspector.url)));
    await using fifth = await openPage(inspector.url);
    expect(fifth.hello['refused']).toBe('4 pages are open already. Close one of them.');
    await Promise.all(pages.map((page) => page[Symbol.asyncDispose]()));
    await using another = await openPage(inspector.url);
    expect(another.hello['refused']).toBeUndefined();
  });

  test('a request is refused where pages may only look', async () => {
    await using page = await openPage(inspector.url);
    page.send(['do', 7, 'unit', { command: 'Reset' }]);
    await page.until(() => page.answers.length > 0);
    expect(page.answers).toEqual([['did', 7, 'This inspector only shows. Start it with --control.']]);
  });
});

const opened = async (query: string) => {
  const socket = new WebSocket(new URL(`unit?${query}`, inspector.url.replace('http:', 'ws:')));
  const [from] = (await once(socket, 'message')) as [Buffer];
  return { socket, from: JSON.parse(from.toString()) as unknown };
};

describe('units', () => {
  test('a unit that is gone stays, with its end; one that comes back goes on where it was', async () => {
    await using page = await openPage(inspector.url);
    const first = await opened('source=a&recording=1');
    expect(first.from).toEqual(['from', 0]);
    first.socket.send('["#","a",0,0]\n["run",{"unit":"a"}]\n["l",5,"Info","one"]');
    await page.until(() => page.lines.length === 2);
    first.socket.terminate();
    await page.until(() => page.lines.length === 3);
    expect(JSON.parse(page.lines[2] ?? '')).toEqual(['end', expect.any(Number), 'The link to the unit has ended.']);
    const again = await opened('source=a&recording=1');
    expect(again.from).toEqual(['from', 2]);
    again.socket.send('["#","a",4,2]\n["l",9,"Info","two"]');
    await page.until(() => page.lines.length === 4);
    expect(page.lost).toBe(2);
    const restarted = await opened('source=a&recording=2-0&follows=1');
    expect(restarted.from).toEqual(['from', 0]);
    again.socket.send('["#","a",5,0]\n["l",9,"Info","of the old process"]');
    restarted.socket.send('["#","a",0,0]\n["run",{"unit":"a"}]');
    await page.until(() => page.lines.length === 5);
    expect(page.lines.some((one) => one.includes('old process'))).toBe(false);
    again.socket.terminate();
    restarted.socket.terminate();
  });

  test('what is no line ends the connection of who sent it, and nothing else', async () => {
    const { socket } = await opened('source=a&recording=1');
    socket.send('GET / HTTP/1.1');
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1007);
    expect(await ask(`${pathname()}recording.ndjson`)).toBe(200);
  });

  test('there is room for 32 units; those that are gone make room', async () => {
    const sockets = await Promise.all(Array.from({ length: 32 }, (_, index) => opened(`source=${index}`)));
    const socket = new WebSocket(new URL('unit?source=more', inspector.url.replace('http:', 'ws:')));
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1013, '32 units are shown already.']);
    sockets[3]?.socket.terminate();
    await expect.poll(() => inspector.sources.get('3')?.isLive).toBe(false);
    const { socket: late, from } = await opened('source=more');
    expect(from).toEqual(['from', 0]);
    for (const one of [...sockets.map((opener) => opener.socket), late]) one.terminate();
  });

  test('the recording of one unit or of all is saved as a file', async () => {
    inspector.sources.add('a', 0, ['["run",{"unit":"a"}]']);
    inspector.sources.add('b', 0, ['["run",{"unit":"b"}]', '["l",1,"Info","Привет 🏠"]']);
    const [all, one, none] = await Promise.all(
      ['', '?source=b', '?source=c'].map((query) => fetch(`${inspector.url}recording.ndjson${query}`)),
    );
    expect(await all?.text()).toBe(
      '["#","a",0,0]\n["run",{"unit":"a"}]\n["#","b",0,0]\n["run",{"unit":"b"}]\n["l",1,"Info","Привет 🏠"]\n',
    );
    expect(await one?.text()).toBe('["#","b",0,0]\n["run",{"unit":"b"}]\n["l",1,"Info","Привет 🏠"]\n');
    expect(none?.status).toBe(404);
  });
});
