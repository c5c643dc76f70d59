import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startInspector, type Inspector } from '../../../../app/inspector/server/server.ts';
import { openPage } from '../../../support/inspector-page.ts';

let inspector: Inspector;
beforeEach(async () => {
  inspector = await startInspector({ pageFolder: import.meta.dirname, version: '0', isControlled: true });
});
afterEach(() => inspector.stop());

const open = async (path: string): Promise<WebSocket> => {
  const socket = new WebSocket(new URL(path, inspector.url.replace('http:', 'ws:')));
  await once(socket, 'open');
  return socket;
};

/** Resolves when the inspector has read everything that a connection has sent, and closed it or answered. */
const isRead = (socket: WebSocket): Promise<unknown> => {
  if (socket.readyState === WebSocket.CLOSED) return Promise.resolve();
  socket.ping();
  return Promise.race([once(socket, 'pong'), once(socket, 'close')]);
};

const nested = (levels: number): string => `${'{"a":'.repeat(levels)}"x"${'}'.repeat(levels)}`;
const deep = nested(50_000);

const idle = { status: 'active', value: 'idle' };
const stately = (fields: object): string =>
  JSON.stringify({ type: '@xstate.actor', sessionId: 'x:0', name: 'app', definition: '{"a":1}', ...fields });

describe('an inspector goes on', () => {
  test('when who was refused is gone before the answer', async () => {
    const { port } = new URL(inspector.url);
    for (let count = 0; count < 50; count += 1) {
      const socket = connect({ host: '127.0.0.1', port: Number(port) });
      await once(socket, 'connect');
      socket.write(
        `GET /wrong/page HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
      );
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    await using page = await openPage(inspector.url);
    expect(page.hello).toMatchObject({ v: 1 });
  });

  test('when a page asks for what is nested too deep', async () => {
    const unit = await open('unit?source=a&recording=1');
    const page = await open('page');
    page.send(`["do",1,"a",${deep}]`);
    await isRead(page);
    expect(unit.readyState).toBe(WebSocket.OPEN);
    for (const socket of [unit, page]) socket.terminate();
  });

  test.each([
    ['without a snapshot', () => stately({})],
    ['without a name', () => stately({ name: undefined, snapshot: idle })],
    ['with a name that is no text', () => stately({ name: { a: 1 }, snapshot: idle })],
    [
      'with a value nested too deep',
      () => stately({ snapshot: 0 }).replace(':0}', `:{"status":"active","value":${deep}}}`),
    ],
    ['with a chart nested too deep', () => stately({ definition: deep, snapshot: idle })],
    ['with a bare snapshot', () => '{"type":"@xstate.snapshot","sessionId":"x:0","event":null,"snapshot":null}'],
  ])('when an app shows itself %s', async (_, messageOf) => {
    const message = messageOf();
    const app = await open('stately');
    app.send(stately({ snapshot: idle }));
    app.send(message);
    await isRead(app);
    const other = await open('stately');
    other.send(message);
    other.send(stately({ snapshot: { ...idle, value: 'busy' } }));
    await isRead(other);
    await expect.poll(() => [...inspector.sources.all()].length).toBe(2);
    for (const socket of [app, other]) socket.terminate();
  });

  test('when a unit sends what is nested too deep to a receiver', async () => {
    const receiver = await open('stately');
    const unit = await open('unit?source=a&recording=1');
    const events: string[] = [];
    receiver.on('message', (data: Buffer) => events.push(data.toString()));
    unit.send(
      [
        '["#","a",0,0]',
        '["run",{"v":1,"unit":"a","name":"a","startedAt":1}]',
        `["chart","00","lamp",${deep}]`,
        '["actor",0,0,"lamp",-1,"00"]',
        `["s",1,0,-1,"x",${deep},0]`,
        `["s",1,0,-1,"x","on",{"k":${deep}}]`,
        '["s",2,0,-1,"last","off",0]',
      ].join('\n'),
    );
    await expect.poll(() => inspector.sources.get('a')?.ring.next).toBe(6);
    const late = await open('stately');
    late.on('message', (data: Buffer) => events.push(data.toString()));
    await expect.poll(() => events.filter((event) => event.includes('"off"')).length).toBeGreaterThan(1);
    for (const socket of [receiver, unit, late]) socket.terminate();
  });
});

test.each(['{}', '[]', '["#"]', '["#","a",1e999,0]', '["#","a",0,-5]', '["#","a",0,null]', '["did"]'])(
  'a unit that begins a message with %s is no unit',
  async (head) => {
    const unit = await open('unit?source=a&recording=1');
    unit.send(`${head}\n["l",0,"Info","lied"]`);
    const [code] = (await once(unit, 'close')) as [number];
    expect(code).toBe(1007);
    const again = new WebSocket(new URL('unit?source=a&recording=1', inspector.url.replace('http:', 'ws:')));
    const [from] = (await once(again, 'message')) as [Buffer];
    expect(JSON.parse(from.toString())).toEqual(['from', 0]);
    again.terminate();
  },
);
