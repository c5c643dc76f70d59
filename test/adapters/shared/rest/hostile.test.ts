import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { kyRest } from '../../../../adapters/shared/rest/rest.ts';
import { sendJson, type Answer } from '../../../support/http-server.ts';
import { envFailure, failure, start, targetAt, token } from '../../../support/rest-calls.ts';
import { unitUuid } from '../../../support/documents.ts';
import { until } from '../../../support/until.ts';

const drip = (response: ServerResponse) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};

const readFirmware = async (answer: Answer, work: () => Promise<void> = async () => undefined) => {
  const server = await start(answer);
  let bytes = 0;
  for await (const chunk of await kyRest({ timeoutMs: 300 }).getFirmware(targetAt(server.origin))) {
    bytes += chunk.length;
    await work();
  }
  return bytes;
};

describe('time', () => {
  test('no answer, half an answer and a slow drip end at the limit', async () => {
    const answers: Answer[] = [
      () => undefined,
      (_, response) => void response.writeHead(200).write('{'),
      (_, response) => drip(response),
    ];
    for (const answer of answers) expect((await envFailure(answer, { timeoutMs: 200 })).code).toBe('timeout');
  });

  test('a call that is given up lets go of its connection', async () => {
    const abort = new AbortController();
    const server = await start((_, response) => {
      response.writeHead(200).write('{');
      abort.abort();
    });
    expect((await failure(kyRest().getEnv(targetAt(server.origin), abort.signal))).code).toBe('aborted');
    await until(async () => (await server.connections()) === 0);
  });

  test('a slow firmware is fine while it moves, and ends when it stalls', async () => {
    let stalls = false;
    const server = await start((_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      let left = 10;
      const timer = setInterval(() => {
        left -= 1;
        if (left > 0) return void response.write('x');
        clearInterval(timer);
        if (!stalls) response.end();
      }, 60);
    });
    const read = async () => {
      let bytes = 0;
      for await (const chunk of await kyRest({ timeoutMs: 400 }).getFirmware(targetAt(server.origin)))
        bytes += chunk.length;
      return bytes;
    };
    expect(await read()).toBe(9);
    stalls = true;
    expect((await failure(read())).code).toBe('timeout');
  });
});

describe('firmware', () => {
  test('fails when it is cut short', async () => {
    const error = await failure(
      readFirmware((_, response) => {
        response.writeHead(200, { 'content-length': 100_000 }).write('x'.repeat(50_000));
        setTimeout(() => response.destroy(), 20);
      }),
    );
    expect(error.code).toBe('malformed');
  });

  test('an error page with status 200 is no archive (U5)', async () => {
    for (const type of ['text/html; charset=utf-8', 'application/json']) {
      const answer: Answer = (_, response) => void response.writeHead(200, { 'content-type': type }).end('x');
      expect((await failure(readFirmware(answer))).code).toBe('malformed');
    }
  });

  test('the time that the reader takes does not count', async () => {
    let works = 0;
    const work = async () => {
      works += 1;
      if (works === 1) await new Promise<void>((resolve) => setTimeout(resolve, 600));
    };
    expect(await readFirmware((_, response) => void response.end(Buffer.alloc(300_000)), work)).toBe(300_000);
  });
});

describe('redirects (C4)', () => {
  test('three within the origin are followed with the token, the fourth is not', async () => {
    let hops = 3;
    const server = await start((_, response) => {
      hops -= 1;
      if (hops >= 0) return void response.writeHead(307, { location: `/moved/${hops}` }).end();
      return sendJson(response, { a: 1 });
    });
    expect(await kyRest().getEnv(targetAt(server.origin))).toEqual({ a: 1 });
    expect(server.requests.map(({ headers }) => headers['x-auth-token'])).toEqual([token, token, token, token]);
    hops = 4;
    expect((await failure(kyRest().getEnv(targetAt(server.origin)))).code).toBe('redirect');
  });

  test.each([301, 302, 303, 307, 308])(
    'status %i to another origin is refused, and nothing goes there',
    async (status) => {
      const other = await start((_, response) => sendJson(response, { stolen: true }));
      const server = await start(
        (_, response) => void response.writeHead(status, { location: `${other.origin}/x` }).end(),
      );
      const target = targetAt(server.origin);
      for (const call of [
        kyRest().getEnv(target),
        kyRest().getFirmware(target),
        kyRest().setStateStorage(target, 'secret'),
      ]) {
        expect(await failure(call)).toMatchObject({ code: 'redirect', status });
      }
      expect(other.requests).toEqual([]);
    },
  );

  test('a redirect to nowhere is refused, and a POST is not turned into a GET', async () => {
    expect((await envFailure((_, response) => void response.writeHead(302).end())).code).toBe('redirect');
    const server = await start((_, response) => void response.writeHead(302, { location: '/other' }).end());
    expect((await failure(kyRest().setStateStorage(targetAt(server.origin), 'x'))).code).toBe('redirect');
    expect(server.requests).toHaveLength(1);
  });

  test('a POST is sent on with its body where the status says so', async () => {
    const server = await start(({ url }, response) =>
      url === '/other'
        ? void response.writeHead(204).end()
        : void response.writeHead(308, { location: '/other' }).end(),
    );
    await kyRest().setStateStorage(targetAt(server.origin), 'x');
    expect(server.requests.map(({ method, body }) => `${method} ${body}`)).toEqual(Array(2).fill('POST {"state":"x"}'));
  });
});

describe('no connection', () => {
  test('a port that no one listens on, and an address that is none', async () => {
    const server = await start(() => undefined);
    await server.stop();
    expect((await failure(kyRest().getEnv(targetAt(server.origin)))).code).toBe('network');
    for (const origin of ['', 'https://', 'ftp://x', 'file:///etc']) {
      expect((await failure(kyRest().getEnv(targetAt(origin)))).code).toBe('network');
    }
  });

  test('an address without a host is no address: the token goes nowhere', async () => {
    const asked: unknown[] = [];
    const fetcher: typeof fetch = async (input) => {
      asked.push(input);
      return Response.json({});
    };
    for (const origin of ['https://', 'http:///', 'https:///other.test', 'https://\\\\other.test']) {
      expect((await failure(kyRest({ fetch: fetcher }).getEnv(targetAt(origin)))).code).toBe('network');
    }
    expect(asked).toEqual([]);
  });

  test('a token that no header can carry is not shown (C1)', async () => {
    const server = await start((_, response) => sendJson(response, {}));
    const bad = { ...targetAt(server.origin), token: 'canary\ninjected: 1' };
    expect((await failure(kyRest().getEnv(bad))).code).toBe('network');
    expect(server.requests).toEqual([]);
  });

  test('the fetch that is given is the one that is used', async () => {
    const asked: string[] = [];
    const fetcher: typeof fetch = async (input) => {
      asked.push(input instanceof Request ? input.url : String(input));
      return Response.json({ a: 1 });
    };
    expect(await kyRest({ fetch: fetcher }).getEnv(targetAt('http://unit.test'))).toEqual({ a: 1 });
    expect(asked).toEqual([`http://unit.test/pepeunit/api/v1/units/env/${unitUuid}`]);
  });
});
