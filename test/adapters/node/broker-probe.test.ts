import { readFileSync } from 'node:fs';
import type net from 'node:net';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { nodeBrokerProbe } from '../../../adapters/node/broker-probe.ts';
import type { BrokerAddress } from '../../../services/last-link.ts';
import { brokerProbeContract } from '../../contracts/broker-probe.ts';
import { startAedes } from '../../support/aedes-broker.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { later } from '../../support/mqtt.ts';
import { connack, startScriptedBroker } from '../../support/scripted-broker.ts';
import { until } from '../../support/until.ts';

const never = new AbortController().signal;
const probe = nodeBrokerProbe();
const at = (port: number, changes: Partial<BrokerAddress> = {}): BrokerAddress => ({
  scheme: 'mqtt',
  host: '127.0.0.1',
  port,
  ...changes,
});
const fixture = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const ca = [fixture('ca.pem')];

for (const scheme of ['mqtt', 'ws'] as const) {
  describeWithMosquitto(`mosquitto over ${scheme}`, () => {
    brokerProbeContract(`Node, ${scheme}`, async () => {
      const broker = later(await startMosquitto({ anonymous: false }));
      const port = scheme === 'ws' ? broker.webSocketPort : broker.port;
      return {
        probe,
        address: at(port, scheme === 'ws' ? { scheme, path: '/mqtt' } : {}),
        silence: () => broker.signal('SIGSTOP'),
        remove: () => broker.stop(),
      };
    });
  });
}

test('sends neither credentials nor a client id (C1)', async () => {
  const broker = later(await startScriptedBroker((socket) => socket.write(connack[4])));
  expect(await probe.isThere(at(broker.port), never)).toBe(true);
  expect(broker.received()).toEqual(Buffer.from('100c00044d5154540402000a0000', 'hex'));
  await until(() => broker.open.size === 0);
});

describe('answers', () => {
  test.each([
    ['CONNACK that refuses', [0x20, 2, 0, 5], true],
    ['CONNACK of MQTT 5 that refuses', [0x20, 3, 0, 0x87, 0], true],
    ['DISCONNECT', [0xe0, 0], true],
    ['CONNACK too short to be one', [0x20, 0], false],
    ['PUBLISH', [0x30, 3, 0, 1, 0x61], false],
    ['an HTTP server', [...Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], false],
    ['one byte and the end', [0x20], false],
    ['nothing and the end', [], false],
  ])('%s (C7)', async (_name, bytes, isThere) => {
    const broker = later(await startScriptedBroker((socket) => socket.end(Buffer.from(bytes))));
    expect(await probe.isThere(at(broker.port), never)).toBe(isThere);
  });

  test.each([
    ['a WebSocket', 'HTTP/1.1 101 Switching Protocols', true],
    ['a WebSocket that wants credentials', 'HTTP/1.1 401 Unauthorized', true],
    ['a proxy without its broker', 'HTTP/1.1 502 Bad Gateway', false],
    ['a login page of a network', 'HTTP/1.1 302 Found', false],
    ['another page', 'HTTP/1.1 200 OK', false],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6', false],
  ])('%s at the WebSocket (C7)', async (_name, line, isThere) => {
    const broker = later(await startScriptedBroker((socket) => socket.write(`${line}\r\n\r\n`)));
    expect(await probe.isThere(at(broker.port, { scheme: 'ws', path: '/mqtt' }), never)).toBe(isThere);
    await until(() => broker.open.size === 0);
  });

  test.each(['mqtt', 'ws'] as const)('a flood at %s is not read to its end (C7)', async (scheme) => {
    const flood = Buffer.alloc(1024 * 1024, 0x48);
    const broker = later(
      await startScriptedBroker((socket) => {
        const pour = () => {
          while (socket.writable && socket.write(flood)) continue;
        };
        socket.on('drain', pour);
        pour();
      }),
    );
    expect(await probe.isThere(at(broker.port, { scheme }), never)).toBe(false);
    await until(() => broker.open.size === 0);
  });

  test('a server that says nothing, or one byte at a time, is given up (C7)', async () => {
    const silent = later(await startScriptedBroker());
    const dripping = later(
      await startScriptedBroker((socket) => {
        const timer = setInterval(() => socket.write('H'), 900);
        socket.on('close', () => clearInterval(timer));
      }),
    );
    expect(await probe.isThere(at(silent.port), never)).toBe(false);
    expect(await probe.isThere(at(dripping.port, { scheme: 'ws' }), never)).toBe(false);
    await until(() => silent.open.size === 0 && dripping.open.size === 0);
  });
});

describe('addresses', () => {
  test.each<[string, Partial<BrokerAddress>]>([
    ['a port that nothing listens on', { port: 1 }],
    ['a name that nobody has', { host: 'no-such-host.invalid' }],
    ['a port that is none', { port: 70_000 }],
    ['a name that is none', { host: 'a b\r\nc' }],
  ])('%s', async (_name, changes) => {
    expect(await probe.isThere(at(1883, changes), never)).toBe(false);
  });
});

const startTls = async (options: tls.TlsOptions = {}) => {
  const { aedes } = later(await startAedes());
  const server = tls.createServer(
    { key: fixture('server.key'), cert: fixture('server.pem'), ...options },
    (socket) => void aedes.handle(socket),
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later({ stop: () => server.close() });
  return at((server.address() as net.AddressInfo).port, { scheme: 'mqtts' });
};

describe('TLS (C5)', () => {
  test('a certificate is verified', async () => {
    const address = await startTls();
    expect(await probe.isThere({ ...address, ca }, never)).toBe(true);
    expect(await probe.isThere(address, never)).toBe(false);
    expect(await probe.isThere({ ...address, ca: ['no PEM'] }, never)).toBe(false);
  });

  test('against the name that was asked for', async () => {
    const address = await startTls({ cert: fixture('other-name.pem') });
    expect(await probe.isThere({ ...address, ca }, never)).toBe(false);
    expect(await probe.isThere({ ...address, ca, serverName: 'other.test' }, never)).toBe(true);
  });

  test('a broker that wants a certificate of the unit is there', async () => {
    const address = await startTls({ requestCert: true, rejectUnauthorized: true, ca });
    expect(await probe.isThere({ ...address, ca }, never)).toBe(true);
  });

  test('a broker without TLS is not there', async () => {
    const plain = later(await startScriptedBroker((socket) => socket.end(connack[4])));
    expect(await probe.isThere(at(plain.port, { scheme: 'mqtts', ca }), never)).toBe(false);
  });
});
