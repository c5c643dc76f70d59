import { expect, test } from 'vitest';
import { kyRest } from '../../../../adapters/shared/rest/rest.ts';
import { failure, start, targetAt, token } from '../../../support/rest-calls.ts';

const textAt = async (origin: string, url: string, fetcher?: typeof fetch): Promise<string> => {
  const rest = kyRest(fetcher ? { fetch: fetcher } : {});
  const chunks: Uint8Array[] = [];
  for await (const chunk of await rest.getFile(targetAt(origin), new URL(url), 1000)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

test('the token goes to the origin of the instance alone (C4)', async () => {
  const [instance, other] = [
    await start((_, response) => void response.end('mine')),
    await start((_, response) => void response.end('theirs')),
  ];
  expect(await textAt(instance.origin, `${instance.origin}/any/file`)).toBe('mine');
  expect(await textAt(instance.origin, `${other.origin}/any/file`)).toBe('theirs');
  expect(instance.requests.map(({ headers }) => headers['x-auth-token'])).toEqual([token]);
  expect(other.requests.map(({ headers }) => headers['x-auth-token'])).toEqual([undefined]);
  expect(JSON.stringify(other.requests)).not.toContain('canary');
});

test('a redirect is not followed out of the instance, and elsewhere it is, without the token (C4)', async () => {
  const instance = await start(({ url }, response) => {
    if (url === '/out') return void response.writeHead(302, { location: `${other.origin}/file` }).end();
    return void response.end('mine');
  });
  const other = await start(({ url }, response) => {
    if (url === '/back') return void response.writeHead(302, { location: `${instance.origin}/file` }).end();
    return void response.end('theirs');
  });
  expect((await failure(textAt(instance.origin, `${instance.origin}/out`))).code).toBe('redirect');
  expect(other.requests).toEqual([]);
  expect(await textAt(instance.origin, `${other.origin}/back`)).toBe('mine');
  expect(instance.requests.at(-1)?.headers['x-auth-token']).toBeUndefined();
});

test.each(['http://example.org/file', 'file:///etc/passwd', 'https://user:canary@example.org/x'])(
  'a redirect from https to %s is refused before a request (C5)',
  async (location) => {
    const asked: string[] = [];
    const redirecting: typeof fetch = async (input) => {
      asked.push(new Request(input).url);
      return new Response(null, { status: 302, headers: { location } });
    };
    expect((await failure(textAt('https://a.test', 'https://example.org/file', redirecting))).code).toBe('redirect');
    expect(asked).toHaveLength(1);
  },
);

test('an address with another scheme or with a password is refused, and the password is not shown (C2)', async () => {
  for (const url of ['ftp://example.org/x', 'data:text/plain,x', 'https://user:canary@example.org/x']) {
    expect((await failure(textAt('https://a.test', url))).code).toBe('redirect');
  }
});

test('a file that is cut short is none (U5)', async () => {
  const server = await start((_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    setImmediate(() => response.destroy());
  });
  expect((await failure(textAt('http://a.test', `${server.origin}/x`))).code).toBe('malformed');
});
