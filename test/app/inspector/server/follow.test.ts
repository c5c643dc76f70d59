import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { followInspector } from '../../../../app/inspector/server/follow.ts';
import { startInspector, type Inspector } from '../../../../app/inspector/server/server.ts';
import { openPage } from '../../../support/inspector-page.ts';
import { until } from '../../../support/until.ts';

let here: Inspector;
beforeEach(async () => {
  here = await startInspector({ pageFolder: import.meta.dirname, version: '0' });
});
afterEach(() => here.stop());

const follow = (url: string) => followInspector({ url, sources: here.sources, onAnswer: here.onAnswer });

/** Somebody who sends these messages to whoever connects. */
const speaker = async (...messages: string[]) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => messages.forEach((message) => socket.send(message)));
  await once(server, 'listening');
  const stop = () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, [Symbol.dispose]: stop };
};

test.each([
  ['what is no JSON', 'welcome', 'is no inspector'],
  ['JSON of another kind', '{"hello":1}', 'is no inspector'],
  ['another version', '["hello",{"v":2,"isControlled":false,"version":"9"}]', 'same version on both ends'],
])('one that begins with %s is refused', async (_, message, reason) => {
  using other = await speaker(message);
  await expect(follow(other.url)).rejects.toThrow(reason);
});

test('one with enough pages is refused, with what it says', async () => {
  await using there = await startInspector({ pageFolder: import.meta.dirname, version: '0' });
  const pages = await Promise.all(Array.from({ length: 4 }, () => openPage(there.url)));
  await expect(follow(there.url)).rejects.toThrow('4 pages are open already. Close one of them.');
  await Promise.all(pages.map((page) => page[Symbol.asyncDispose]()));
});

test('what is no line is passed over', async () => {
  using other = await speaker(
    '["hello",{"v":1,"isControlled":false,"version":"0"}]',
    'noise',
    '["#","a",0,"none"]\n["l",0,"Info","of nobody"]',
    '["#","a",0,0]\n["l",0,"Info","of the unit"]',
  );
  const stop = await follow(other.url);
  await until(() => here.sources.get('a'));
  stop();
  expect(here.sources.get('a')?.ring.read(0, 1000).lines).toEqual(['["l",0,"Info","of the unit"]']);
});
