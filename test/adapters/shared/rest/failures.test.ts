import { readFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { kyRest } from '../../../../adapters/shared/rest/rest.ts';
import { sendJson, type Answer } from '../../../support/http-server.ts';
import { settle } from '../../../support/until.ts';
import { envFailure, failure, start, targetAt } from '../../../support/rest-calls.ts';

const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url), 'utf8');

/** Listens on loopback until the test is over. @returns The port. */
const listen = async (server: Server): Promise<number> => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

const messageAt = async (origin: string): Promise<string> => {
  const { code, message, cause } = await failure(kyRest().getEnv(targetAt(origin)));
  expect(code).toBe('network');
  expect(cause).toBeInstanceOf(Error);
  return message;
};

/** A browser's fetch, whose errors say nothing. */
const failingFetch: typeof fetch = () => Promise.reject(new TypeError('Failed to fetch'));

/** What the env's request says of a status. */
const messageOf = async (status: number): Promise<string> =>
  (await envFailure((_, response) => void response.writeHead(status).end())).message;

/** Answers each first request of a connection, and breaks the connection at its second. */
const answerOnce = (): { answer: Answer; broken: () => number } => {
  const used = new WeakSet<object>();
  let broken = 0;
  return {
    answer: (_, response) => {
      const { socket } = response;
      if (socket && used.has(socket)) {
        broken += 1;
        socket.destroy();
        return;
      }
      if (socket) used.add(socket);
      sendJson(response, { a: 1 });
    },
    broken: () => broken,
  };
};

/** How an archive and a file with this status fail. */
const archive = async (status: number, headers: Record<string, string> = {}) => {
  const { origin } = await start((_, response) => {
    response.writeHead(status, { 'content-type': 'application/gzip', ...headers }).end(status === 204 ? '' : 'part');
  });
  return [
    await failure(kyRest().getFirmware(targetAt(origin))),
    await failure(kyRest().getFile(targetAt(origin), new URL(`${origin}/x`), 100)),
  ];
};

describe('the text says why there is no connection, and advises what can help', () => {
  test('nobody listens', async () => {
    const server = await start(() => undefined);
    await server.stop();
    expect(await messageAt(server.origin)).toMatch(/: the connection was refused \(ECONNREFUSED\)\. .*PU_DOMAIN/);
  });

  test('the name is none', async () => {
    const message = await messageAt('http://no-such-host.invalid');
    expect(message).toMatch(/: (the name of the host is not known|the name of the host can't be looked up now) \(E/);
    expect(message).toMatch(/PU_DOMAIN|DNS/);
  });

  test.each(['server.pem', 'expired.pem', 'other-name.pem', 'stranger.pem'])('the certificate is %s', async (name) => {
    const port = await listen(createHttps({ cert: fixture(name), key: fixture('server.key') }));
    const message = await messageAt(`https://127.0.0.1:${port}`);
    expect(message).toMatch(/: the certificate of the host is not trusted \([A-Z_]+\)\. .*certificate/);
    expect(message).not.toContain('Try again');
  });

  test('what answers speaks no TLS', async () => {
    const { origin } = await start((_, response) => sendJson(response, {}));
    const message = await messageAt(origin.replace('http:', 'https:'));
    expect(message).toMatch(/: the host does not speak TLS \([A-Z_]+\)\. .*https.*PU_DOMAIN/);
  });

  test('the connection breaks each time', async () => {
    const port = await listen(createServer((socket) => void socket.once('data', () => socket.destroy())));
    expect(await messageAt(`http://127.0.0.1:${port}`)).toMatch(
      /: the connection broke \([A-Z_]+\)\. Try again later\./,
    );
  });

  test('a file and a program say what names their host', async () => {
    const server = await start(() => undefined);
    await server.stop();
    const url = new URL(`${server.origin}/x`);
    const { message } = await failure(kyRest().getFile(targetAt('http://other.invalid'), url, 10));
    expect(message).toMatch(/: the connection was refused \(ECONNREFUSED\)\. .*the address/);
  });

  test('a host whose errors say nothing', async () => {
    const { message } = await failure(kyRest({ fetch: failingFetch }).getEnv(targetAt('http://unit.test')));
    expect(message).toMatch(/: no connection\. Check the network and PU_DOMAIN\.$/);
  });
});

describe('"try again" stands only where that can help', () => {
  test.each([408, 425, 500, 502, 503, 504])('status %i', async (status) => {
    expect(await messageOf(status)).toContain('Try again later.');
  });

  test.each([400, 401, 403, 404, 405, 409, 410, 413, 422, 429, 501, 505])('not status %i', async (status) => {
    expect(await messageOf(status)).not.toContain('Try again');
  });

  test.each([
    [404, 'Check the address.'],
    [503, 'Try again later.'],
  ])('status %i of a file', async (status, advice) => {
    const { origin } = await start((_, response) => void response.writeHead(status).end());
    const { message } = await failure(kyRest().getFile(targetAt(origin), new URL(`${origin}/x`), 10));
    expect(message).toContain(advice);
  });
});

describe('a kept connection that has gone stale', () => {
  test('costs a GET one more request, and no error', async () => {
    const { answer, broken } = answerOnce();
    const { origin } = await start(answer);
    for (let calls = 0; calls < 6; calls += 1) {
      expect(await kyRest().getEnv(targetAt(origin))).toEqual({ a: 1 });
      await settle();
    }
    expect(broken()).toBeGreaterThan(0);
  });

  test('never sends a POST twice', async () => {
    const { answer, broken } = answerOnce();
    const server = await start(answer);
    await kyRest().getEnv(targetAt(server.origin));
    await settle();
    expect((await failure(kyRest().setStateStorage(targetAt(server.origin), 'x'))).message).toContain('broke');
    expect(broken()).toBe(1);
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });
});

describe('an answer without a whole body is no archive and no file (U5)', () => {
  test.each([
    [204, {}],
    [206, { 'content-range': 'bytes 0-3/100' }],
    [202, {}],
  ])('status %i', async (status, headers) => {
    for (const { code, message } of await archive(status, headers)) {
      expect(code).toBe('malformed');
      expect(message).toContain(`status ${status}`);
    }
  });
});
