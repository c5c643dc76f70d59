import { afterAll, beforeAll, expect, test } from 'vitest';
import { diagnose, expectFirst, startClinic, type Clinic, type Row } from '../../support/doctored-unit.ts';
import { sendJson, startHttpServer, type Answer } from '../../support/http-server.ts';
import { later } from '../../support/mqtt.ts';
import { freePort } from '../../support/ports.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic.stop());

const sendPage =
  (status: number): Answer =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end(`<title>${clinic.token}</title>`);

const refuse =
  (status: number, detail: string): Answer =>
  (_, response) =>
    sendJson(response, { detail }, status);

interface Case extends Omit<Row, 'check'> {
  readonly answer: Answer;
}

const cases: readonly Case[] = [
  {
    what: 'a token that is not taken',
    answer: refuse(401, '401: Token is invalid'),
    says: /status 401 \(401: Token is invalid\)/,
    helps: /Download the unit's env/,
  },
  {
    what: 'a refusal that shows the token',
    answer: (_, response) => sendJson(response, { detail: `403: 1: No Access: ${clinic.token}` }, 403),
    says: /status 403 \(403: 1: No Access: \*\*\*\)/,
    helps: /Download the unit's env/,
  },
  {
    what: 'an API that is not there',
    answer: refuse(404, 'Not Found'),
    says: /status 404/,
    helps: /PU_DOMAIN, PU_APP_PREFIX and PU_API_ACTUAL_PREFIX/,
  },
  {
    what: 'a unit that does not exist',
    answer: refuse(422, '422: 5: The object does not exist'),
    says: /status 422 .*does not exist/,
    helps: /Check that the unit exists on this instance/,
  },
  { what: 'too many requests', answer: refuse(429, 'slow down'), says: /status 429/, helps: /Wait: too many requests/ },
  {
    what: 'an instance in trouble',
    answer: (_, response) => void response.writeHead(500).end('Internal Server Error'),
    says: /status 500/,
    helps: /look at its log/,
  },
  {
    what: "a proxy's page",
    answer: sendPage(502),
    says: /answers with a web page \(status 502\), not as the API/,
    helps: /the proxy of the instance/,
  },
  {
    what: 'the login page of a network',
    answer: sendPage(200),
    says: /answers with a web page, not as the API/,
    helps: /login page/,
  },
  {
    what: 'a redirect to another host, with the token in it',
    answer: (_, response) => void response.writeHead(302, { location: `https://other.test/?${clinic.token}` }).end(),
    says: /redirected to https:\/\/other\.test, where the token must not go/,
    helps: /Set PU_HTTP_TYPE and PU_DOMAIN to the instance's own address/,
  },
  {
    what: 'an answer that is no JSON',
    answer: (_, response) => void response.end(`token=${clinic.token}`),
    says: /the answer is not JSON/,
    helps: /Check the address of the instance/,
  },
  {
    what: 'an answer without a version',
    answer: (_, response) => sendJson(response, {}),
    says: /the answer is not a version/,
    helps: /Check the address of the instance/,
  },
];

test.each(cases.map((one) => [one.what, one] as const))('%s', async (_what, { answer, ...row }) => {
  const server = later(await startHttpServer(answer));
  const folder = await clinic.patient({ PU_DOMAIN: new URL(server.origin).host });
  const found = await diagnose(folder, clinic.env);
  expectFirst(found, { ...row, check: 'REST', skips: ['version'] });
  expect(found.of('topics')?.result).toBe('ok');
});

test.each([
  ['none', { PU_APP_PREFIX: '', PU_API_ACTUAL_PREFIX: '' }],
  ['wrong ones', { PU_APP_PREFIX: '/pepe', PU_API_ACTUAL_PREFIX: '/api/v2' }],
])('prefixes: %s', async (_what, prefixes) => {
  const found = await diagnose(await clinic.patient(prefixes), clinic.env);
  expectFirst(found, {
    what: '',
    check: 'REST',
    says: /There is no API at http:\/\/127\.0\.0\.1:\d+/,
    helps: /Set PU_APP_PREFIX to "\/pepeunit" and PU_API_ACTUAL_PREFIX to "\/api\/v1": there it answers/,
  });
});

test('a port that nothing listens on', async () => {
  const port = await freePort();
  const found = await diagnose(await clinic.patient({ PU_DOMAIN: `127.0.0.1:${port}` }), clinic.env);
  expectFirst(found, {
    what: '',
    check: 'REST port',
    says: /Nothing listens on 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
    helps: /correct PU_DOMAIN/,
    skips: ['REST', 'REST TLS', 'clock', 'version'],
  });
});

test('a clock that is wrong', async () => {
  const server = later(
    await startHttpServer((_, response) => {
      response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString());
      sendJson(response, { commit: clinic.env['PU_COMMIT_VERSION'], tag: null });
    }),
  );
  const found = await diagnose(await clinic.patient({ PU_DOMAIN: new URL(server.origin).host }), clinic.env);
  expectFirst(found, { what: '', check: 'clock', says: /is 3[56]\d\d s ahead of the instance's/, helps: /NTP/ });
});

test('broker and instance are both away: the broker comes first, and nothing takes long', async () => {
  const port = await freePort();
  const found = await diagnose(
    await clinic.patient({ PU_DOMAIN: `127.0.0.1:${port}`, PU_MQTT_PORT: port }),
    clinic.env,
  );
  expect(found.verdict).toBe('2 problems');
  expect(found.findings.slice(0, 2).map(({ check }) => check)).toEqual(['broker port', 'REST port']);
});
