import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { nodeTcp } from '../../../adapters/node/tcp.ts';
import { mqttBroker } from '../../../adapters/shared/mqtt/broker.ts';
import { failure, optionsFor } from '../../support/mqtt.ts';

afterEach(() => vi.unstubAllEnvs());

/** A server that hangs up. @returns Its port, and the first byte of each connection. */
const startPeer = async () => {
  const bytes: (number | undefined)[] = [];
  const server = createServer((socket) =>
    socket.once('data', ([byte]) => {
      bytes.push(byte);
      socket.destroy();
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, bytes };
};

const connect = 0x10;
const socks5 = 5;
const deaf = { onMessage: () => undefined, onClosed: () => undefined };

test('a link begins with CONNECT on a socket of its own', async () => {
  const peer = await startPeer();
  await failure(mqttBroker(nodeTcp()).open(optionsFor(peer.port), deaf, new AbortController().signal));
  expect(peer.bytes).toEqual([connect]);
});

test("a link goes through the SOCKS proxy that mqtt.js's variable names", async () => {
  const peer = await startPeer();
  vi.stubEnv('MQTTJS_SOCKS_PROXY', `socks5://127.0.0.1:${peer.port}`);
  await failure(mqttBroker(nodeTcp()).open(optionsFor(9), deaf, new AbortController().signal));
  expect(peer.bytes).toEqual([socks5]);
});
