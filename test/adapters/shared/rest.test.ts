import zlib from 'node:zlib';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { kyRest, type KyRestOptions } from '../../../adapters/shared/rest.ts';
import { RestError } from '../../../services/errors.ts';
import type { RestTarget } from '../../../services/rest.ts';
import { restContract } from '../../contracts/rest.ts';
import { sendJson, startHttpServer, type Answer, type HttpServer } from '../../support/http-server.ts';
import { until } from '../../support/until.ts';

const unitUuid = '0d5e3b1c-0000-4000-8000-000000000001';
const token = 'canaryheader.canarypayload.canarysignature';
const targetAt = (origin: string): RestTarget => ({ baseUrl: `${origin}/pepeunit/api/v1`, unitUuid, token });

const servers: HttpServer[] = [];
const start = async (answer: Answer): Promise<HttpServer> => {
  const server = await startHttpServer(answer);
  servers.push(server);
  return server;
};
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** Everything that an error shows, causes included. */
const shown = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return JSON.stringify(thrown);
  return `${thrown.stack} ${JSON.stringify(thrown)} ${thrown.cause === undefined ? '' : shown(thrown.cause)}`;
};

const failure = async (promise: Promise<unknown>): Promise<RestError> => {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(RestError);
  expect(shown(thrown)).not.toContain('canary');
  return thrown as RestError;
};

const envFailure = async (answer: Answer, options: KyRestOptions = {}): Promise<RestError> => {
  const server = await start(answer);
  return failure(kyRest(options).getEnv(targetAt(server.origin)));
};

describe('the contract', () => {
  restContract(async ({ env, schema, firmware, inputs, units }) => {
    let state = '';
    const answers: Record<string, Answer> = {
      env: (_, response) => sendJson(response, env),
      get_current_schema: (_, response) => sendJson(response, schema),
      tgz: (_, response) => void response.writeHead(200, { 'content-type': 'application/gzip' }).end(firmware),
      get_target_version: (_, response) => sendJson(response, { commit: 'abc', tag: null }),
      get_state_storage: (_, response) => sendJson(response, state),
      set_state_storage: ({ body }, response) => {
        state = (JSON.parse(body) as { state: string }).state;
        response.writeHead(204).end();
      },
      unit_nodes: ({ url }, response) => {
        const query = new URL(url, 'http://x').searchParams;
        const offset = Number(query.get('offset'));
        sendJson(response, {
          count: inputs.length,
          unit_nodes: inputs.slice(offset, offset + Number(query.get('limit'))),
        });
      },
      units: (_, response) => sendJson(response, { count: units.length, units }),
    };
    const server = await start((request, response) => {
      const parts = (request.url.split('?')[0] ?? '').split('/').filter((part) => part !== unitUuid);
      answers[parts.at(-1) ?? '']?.(request, response);
    });
    return {
      rest: kyRest(),
      target: targetAt(server.origin),
      requests: () => server.requests.length,
      stop: async () => undefined,
    };
  });
});

test('each request is exactly the protocol’s', async () => {
  const server = await start(({ url }, response) => {
    if (url.includes('unit_nodes?')) return sendJson(response, { count: 0, unit_nodes: [] });
    if (url.includes('units?')) return sendJson(response, { count: 0, units: [] });
    if (url.includes('storage')) return sendJson(response, 'text');
    if (url.includes('tgz')) return void response.end('x');
    return sendJson(response, { commit: 'a' });
  });
  const rest = kyRest();
  const target = targetAt(server.origin);
  await rest.setStateStorage(target, 'тепло "x"');
  await rest.getStateStorage(target);
  await rest.getInputByOutput(target, 'N', { limit: 1, offset: 0 });
  await rest.getUnitsByNodes(target, ['N', 'M'], { limit: 1, offset: 0 });
  await rest.getEnv(target);
  await rest.getSchema(target);
  for await (const _ of await rest.getFirmware(target));
  await rest.getTargetVersion(target);
  const base = '/pepeunit/api/v1';
  expect(server.requests.map(({ method, url, body }) => `${method} ${url} ${body}`.trim())).toEqual([
    `POST ${base}/units/set_state_storage/${unitUuid} {"state":"тепло \\"x\\""}`,
    `GET ${base}/units/get_state_storage/${unitUuid}`,
    `GET ${base}/unit_nodes?order_by_create_date=desc&output_uuid=N&limit=1&offset=0`,
    `GET ${base}/units?is_include_output_unit_nodes=true&order_by_unit_name=asc&order_by_create_date=desc&order_by_last_update=desc&limit=1&offset=0&unit_node_uuids=N&unit_node_uuids=M`,
    `GET ${base}/units/env/${unitUuid}`,
    `GET ${base}/units/get_current_schema/${unitUuid}`,
    `GET ${base}/units/firmware/tgz/${unitUuid}?wbits=9&level=9`,
    `GET ${base}/units/get_target_version/${unitUuid}`,
  ]);
  for (const { method, headers } of server.requests) {
    expect(headers).toMatchObject({ 'x-auth-token': token, accept: 'application/json' });
    expect(headers['content-type']).toBe(method === 'POST' ? 'application/json' : undefined);
    expect(headers.authorization).toBeUndefined();
  }
});

describe('statuses', () => {
  test.each([400, 401, 403, 404, 422, 429, 500, 502, 503])('%i is told with what the instance says', async (status) => {
    const detail = [{ loc: ['path'], msg: `no\nunit ${token} canarysignature ${'x'.repeat(5000)}` }];
    const error = await envFailure((_, response) => sendJson(response, { detail }, status));
    expect(error).toMatchObject({ code: 'status', status });
    expect(error.message).toContain('no\\nunit');
    expect(error.message.length).toBeLessThan(700);
  });

  test('an error page of any kind is told by its status alone', async () => {
    for (const body of ['<html>500</html>', '', '{', 'x'.repeat(200_000)]) {
      const error = await envFailure((_, response) => void response.writeHead(500).end(body));
      expect(error).toMatchObject({ code: 'status', status: 500 });
      expect(error.message).not.toContain('<html>');
    }
  });
});

describe('bodies', () => {
  test.each([
    ['HTML', '<!doctype html>'],
    ['nothing', ''],
    ['a list', '[1]'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['half an object', '{"PU_AUTH_TOKEN":"canary'],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])('%s is malformed', async (_name, body) => {
    expect(await envFailure((_, response) => void response.end(body))).toMatchObject({ code: 'malformed' });
  });

  test('a body shorter than its content-length is malformed', async () => {
    const error = await envFailure((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"a":1}');
      setImmediate(() => response.destroy());
    });
    expect(error.code).toBe('malformed');
  });

  test('a chunked body that breaks off is malformed, even where it is JSON so far', async () => {
    const error = await envFailure((_, response) => {
      response.writeHead(200).write('{"a":1}');
      setImmediate(() => response.destroy());
    });
    expect(error.code).toBe('malformed');
  });

  test('chunks and compression are fine', async () => {
    const server = await start((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const packed = zlib.gzipSync('{"a":1}');
      response.write(packed.subarray(0, 9));
      setImmediate(() => response.end(packed.subarray(9)));
    });
    expect(await kyRest().getEnv(targetAt(server.origin))).toEqual({ a: 1 });
  });

  test('a body over the limit is left, announced or not, packed or not (C7)', async () => {
    const large = JSON.stringify({ a: 'x'.repeat(100_000) });
    const bodies: Answer[] = [
      (_, response) => void response.end(large),
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(zlib.gzipSync(large)),
    ];
    for (const body of bodies) expect((await envFailure(body, { maxBytes: 50_000 })).code).toBe('tooLarge');
    const endless = await envFailure((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    });
    expect(endless.code).toBe('tooLarge');
  });

  test('pages and versions of another shape are malformed', async () => {
    const server = await start((_, response) =>
      sendJson(response, { count: 1, units: [{}], unit_nodes: {}, commit: 1 }),
    );
    const target = targetAt(server.origin);
    expect((await failure(kyRest().getUnitsByNodes(target, ['n']))).code).toBe('malformed');
    expect((await failure(kyRest().getInputByOutput(target, 'n'))).code).toBe('malformed');
    expect((await failure(kyRest().getTargetVersion(target))).code).toBe('malformed');
    expect((await failure(kyRest().getStateStorage(target))).code).toBe('malformed');
  });
});

describe('time', () => {
  const drip = (response: ServerResponse) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  };

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
  const read = async (answer: Answer, work: () => Promise<void> = async () => undefined) => {
    const server = await start(answer);
    let bytes = 0;
    for await (const chunk of await kyRest({ timeoutMs: 300 }).getFirmware(targetAt(server.origin))) {
      bytes += chunk.length;
      await work();
    }
    return bytes;
  };

  test('fails when it is cut short', async () => {
    const error = await failure(
      read((_, response) => {
        response.writeHead(200, { 'content-length': 100_000 }).write('x'.repeat(50_000));
        setTimeout(() => response.destroy(), 20);
      }),
    );
    expect(error.code).toBe('malformed');
  });

  test('an error page with status 200 is no archive (U5)', async () => {
    for (const type of ['text/html; charset=utf-8', 'application/json']) {
      const answer: Answer = (_, response) => void response.writeHead(200, { 'content-type': type }).end('x');
      expect((await failure(read(answer))).code).toBe('malformed');
    }
  });

  test('the time that the reader takes does not count', async () => {
    const answer: Answer = (_, response) => void response.end(Buffer.alloc(300_000));
    let works = 0;
    const work = async () => {
      works += 1;
      if (works === 1) await new Promise<void>((resolve) => setTimeout(resolve, 600));
    };
    expect(await read(answer, work)).toBe(300_000);
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
