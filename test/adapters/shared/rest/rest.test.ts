import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { kyRest } from '../../../../adapters/shared/rest/rest.ts';
import { restContract } from '../../../contracts/rest.ts';
import { sendJson, type Answer } from '../../../support/http-server.ts';
import { envFailure, failure, start, targetAt, token } from '../../../support/rest-calls.ts';
import { unitUuid } from '../../../support/documents.ts';

describe('the contract', () => {
  restContract(async ({ env, schema, firmware, file, inputs, units }) => {
    let state = '';
    const answers: Record<string, Answer> = {
      env: (_, response) => sendJson(response, env),
      get_current_schema: (_, response) => sendJson(response, schema),
      tgz: (_, response) => void response.writeHead(200, { 'content-type': 'application/gzip' }).end(firmware),
      get_target_version: (_, response) => sendJson(response, { commit: 'abc', tag: null }),
      send_command_to_input_base_topic: (_, response) => void response.writeHead(204).end(),
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
    const elsewhere = await start(({ url }, response) =>
      url === '/file' ? void response.end(file) : void response.writeHead(404).end(),
    );
    return {
      rest: kyRest(),
      target: targetAt(server.origin),
      file: new URL('/file', elsewhere.origin),
      requests: () => server.requests.length,
      stop: async () => undefined,
    };
  });
});

test('env and schema may be a JSON string that holds the object', async () => {
  const document = { a: 'тепло' };
  const server = await start((_, response) => sendJson(response, JSON.stringify(document)));
  const target = targetAt(server.origin);
  expect(await kyRest().getEnv(target)).toEqual(document);
  expect(await kyRest().getSchema(target)).toEqual(document);
});

test.each([['<html>'], ['7'], ['"{}"']])('a JSON string that holds %s is no env', async (text) => {
  const server = await start((_, response) => sendJson(response, text));
  await expect(kyRest().getEnv(targetAt(server.origin))).rejects.toMatchObject({ code: 'malformed' });
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
  await rest.requestUpdate(target);
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
    `POST ${base}/units/send_command_to_input_base_topic/${unitUuid}?command=Update {}`,
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
