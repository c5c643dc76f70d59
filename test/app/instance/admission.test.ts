import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type IClientOptions } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../support/until.ts';
import { addUnit, connectUnit, startTestInstance } from '../../support/instance.ts';

/** The code of a refusing CONNACK; `undefined` where the unit got in. */
const codeOf = async (url: string, token: string, options: IClientOptions): Promise<unknown> => {
  const client = connect(url, { username: token, password: '', reconnectPeriod: 0, ...options });
  onTestFinished(() => client.endAsync(true));
  return new Promise((resolve) => {
    client.once('connect', () => resolve(undefined));
    client.once('error', (error) => resolve((error as Error & { code?: unknown }).code));
  });
};

describe.each(['mqttUrl', 'webSocketUrl'] as const)('a connection over %s', (url) => {
  describe.each([
    [4, { identifier: 2, denied: 5 }],
    [5, { identifier: 0x85, denied: 0x87 }],
  ] as const)('of MQTT level %i', (protocolVersion, codes) => {
    it("needs the client id of its token's unit, alone or with a suffix (M17)", async () => {
      const { instance, of } = await startTestInstance();
      const unit = await addUnit(instance);
      const other = await addUnit(instance, { name: 'other' });
      const foreign = [other.uuid, 'anybody', '', `${unit.uuid}x`, `x${unit.uuid}`, unit.uuid.toUpperCase()];
      for (const clientId of foreign) {
        const code = await codeOf(instance[url], unit.token, { protocolVersion, clientId });
        expect([clientId, code]).toEqual([clientId, codes.identifier]);
      }
      expect(of('connect')).toEqual([]);
      expect(of('refused').map(({ clientId }) => clientId)).toEqual(expect.arrayContaining([other.uuid, 'anybody']));
      for (const clientId of [unit.uuid, `${unit.uuid}-doctor`])
        expect(await codeOf(instance[url], unit.token, { protocolVersion, clientId })).toBeUndefined();
    });

    it('is refused with a will on a topic that the unit may not use', async () => {
      const { instance, of } = await startTestInstance();
      const unit = await addUnit(instance);
      const other = await addUnit(instance, { name: 'other', visibilityLevel: 'Private' });
      const foreign = [other.topic('state/pepeunit'), other.topic('out/pepeunit'), 'anything', '$SYS/x'];
      for (const topic of [...foreign, unit.topic('out/pepeunit')]) {
        const will = { topic, payload: Buffer.from('gone') };
        const code = await codeOf(instance[url], unit.token, { protocolVersion, clientId: unit.uuid, will });
        expect([topic, code]).toEqual([topic, foreign.includes(topic) ? codes.denied : undefined]);
      }
      expect(of('published')).toEqual([]);
    });
  });
});

const rawSocket = async (url: string): Promise<Socket> => {
  const { hostname, port } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  socket.on('error', () => undefined).resume();
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
};

describe('a connection without CONNECT is ended', () => {
  const options = { connectTimeoutMs: 300 };

  it.each(['mqttUrl', 'webSocketUrl'] as const)('that says nothing, or half of it, over %s', async (url) => {
    const { instance } = await startTestInstance(options);
    const unit = await addUnit(instance);
    const link = await connectUnit(instance[url], unit.token);
    const silent = await rawSocket(instance[url]);
    const slow = await rawSocket(instance[url]);
    slow.write(url === 'mqttUrl' ? Buffer.from([0x10, 0x40, 0, 4]) : 'GET /mqtt HTTP/1.1\r\nHost: x\r\n');
    await until(() => silent.closed && slow.closed, { what: 'the end of both' });
    expect(link.isOpen()).toBe(true);
  });

  it('that is a WebSocket and no more', async () => {
    const { instance, of } = await startTestInstance(options);
    const socket = new WebSocket(instance.webSocketUrl, 'mqtt');
    onTestFinished(() => socket.terminate());
    await until(() => of('refused').length === 1);
    expect(of('refused')).toMatchObject([{ reason: 'connect did not arrive in time' }]);
  });
});
