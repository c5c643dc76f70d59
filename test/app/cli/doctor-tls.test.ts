import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type net from 'node:net';
import type http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startAedes } from '../../support/aedes-broker.ts';
import { diagnose, expectFirst, startClinic, type Clinic } from '../../support/doctored-unit.ts';
import { later } from '../../support/mqtt.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic.stop());

const pathOf = (name: string): string => fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url));
const fixture = (name: string): string => readFileSync(pathOf(name), 'utf8');
const key = fixture('server.key');

const portOf = (server: net.Server): number => (server.address() as net.AddressInfo).port;

const listen = async (server: net.Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return portOf(server);
};

/** A broker behind TLS. */
const startTlsBroker = async (cert: string): Promise<number> => {
  const { aedes } = later(await startAedes());
  return listen(
    tls.createServer({ key, cert }, (socket) => void aedes.handle(socket)).on('tlsClientError', () => undefined),
  );
};

/** Answers with what the instance answers, and a date. */
const forward = async (
  { url = '', method, headers }: http.IncomingMessage,
  response: http.ServerResponse,
  date: Date,
) => {
  const { host: _, connection: __, ...others } = headers as Record<string, string>;
  const answer = await fetch(new URL(url, clinic.instance.httpUrl), { headers: others });
  const body = method === 'HEAD' ? '' : await answer.text();
  response.writeHead(answer.status, { 'content-type': 'application/json', date: date.toUTCString() }).end(body);
};

/** The instance's REST API behind TLS. */
const startTlsApi = (cert: string, date = new Date()): Promise<number> =>
  listen(https.createServer({ key, cert }, (request, response) => void forward(request, response, date)));

const certificates = [
  {
    what: 'has expired',
    cert: 'expired.pem',
    ca: 'expired.pem',
    says: /has expired, or one above it: it is valid until Jan +1 00:00:00 2021 GMT/,
    helps: /renewed; check this machine's clock/,
  },
  {
    what: 'is not valid yet',
    cert: 'future.pem',
    ca: 'future.pem',
    says: /is not valid yet, or one above it: it is from Jan +1 00:00:00 2099 GMT/,
    helps: /clock/,
  },
  {
    what: 'is for another name',
    cert: 'other-name.pem',
    ca: 'ca.pem',
    says: /is for another name: other\.test/,
    helps: /to a name of the certificate, or have one issued for 127\.0\.0\.1/,
  },
  {
    what: 'is of an authority that nobody knows',
    cert: 'server.pem',
    ca: 'stranger.pem',
    says: /is not trusted here \(UNABLE_TO_\w+\): Pepeunit test authority issued it/,
    helps: /NODE_EXTRA_CA_CERTS.*--ca FILE/,
  },
] as const;

describe("the broker's TLS", () => {
  test.each(certificates)('a certificate that $what', async ({ cert, ca, says, helps }) => {
    const port = await startTlsBroker(fixture(cert));
    const found = await diagnose(await clinic.patient({ PU_MQTT_PORT: port }), clinic.env, {
      args: ['--ca', pathOf(ca)],
    });
    expectFirst(found, { what: '', check: 'broker TLS', says, helps, skips: ['broker login', 'topics', 'publishing'] });
  });

  test('a port without TLS', async () => {
    const { port } = later(await startAedes());
    const found = await diagnose(await clinic.patient({ PU_MQTT_PORT: port }), clinic.env, {
      args: ['--ca', pathOf('ca.pem')],
    });
    expectFirst(found, {
      what: '',
      check: 'broker TLS',
      says: /does not speak TLS/,
      helps: /Switch the broker's TLS on, or set PU_MQTT_PORT/,
      skips: ['broker login'],
    });
  });

  test('a port with TLS that the unit does not know of', async () => {
    const port = await startTlsBroker(fixture('server.pem'));
    const found = await diagnose(await clinic.patient({ PU_MQTT_PORT: port }), clinic.env);
    expectFirst(found, {
      what: '',
      check: 'broker login',
      says: /speaks TLS, and the unit does not on this port/,
      helps: /mqtt\.tls/,
      skips: ['topics'],
    });
  });

  test('a certificate that is trusted by --ca, or as the unit was last online', async () => {
    const port = await startTlsBroker(fixture('server.pem'));
    const ca = await diagnose(await clinic.patient({ PU_MQTT_PORT: port }), clinic.env, {
      args: ['--ca', pathOf('ca.pem')],
    });
    expect(ca.verdict).toBe('The unit is well');
    expect(ca.of('broker TLS')?.detail).toMatch(/^the certificate is trusted, until /);
    const link = { format: 1, scheme: 'mqtts', host: '127.0.0.1', port, ca: [fixture('ca.pem')] };
    const folder = await clinic.patient({ PU_MQTT_PORT: port }, { '.pepeunit/link.json': JSON.stringify(link) });
    expect((await diagnose(folder, clinic.env)).verdict).toBe('The unit is well');
  });
});

const trusting = (name: string) => ({ env: { NODE_EXTRA_CA_CERTS: pathOf(name) } });
const secure = (port: number) => ({ PU_DOMAIN: `127.0.0.1:${port}`, PU_HTTP_TYPE: 'https' });

describe("the instance's TLS", () => {
  test.each(certificates)('a certificate that $what', async ({ cert, ca, says, helps }) => {
    const port = await startTlsApi(fixture(cert));
    const found = await diagnose(await clinic.patient(secure(port)), clinic.env, trusting(ca));
    expectFirst(found, { what: '', check: 'REST TLS', says, helps, skips: ['REST', 'version'] });
    expect(found.of('clock')?.result).toBe('ok');
  });

  test('a wrong clock comes before the certificate that it spoils', async () => {
    const port = await startTlsApi(fixture('future.pem'), new Date('2101-01-01T00:00:00Z'));
    const found = await diagnose(await clinic.patient(secure(port)), clinic.env, trusting('future.pem'));
    expectFirst(found, {
      what: '',
      check: 'clock',
      says: /The clock of this machine is \d+ s behind the instance's/,
      helps: /Set it/,
    });
    expect(found.of('REST TLS')?.result).toBe('failed');
  });

  test('a port without TLS, and one with it that is used without', async () => {
    const { host } = new URL(clinic.instance.httpUrl);
    const plain = await diagnose(await clinic.patient({ PU_DOMAIN: host, PU_HTTP_TYPE: 'https' }), clinic.env);
    expectFirst(plain, {
      what: '',
      check: 'REST TLS',
      says: /does not speak TLS/,
      helps: /Set PU_HTTP_TYPE to http/,
      skips: ['REST'],
    });
    const port = await startTlsApi(fixture('server.pem'));
    const folder = await clinic.patient({ ...secure(port), PU_HTTP_TYPE: 'http' });
    expectFirst(await diagnose(folder, clinic.env), {
      what: '',
      check: 'REST',
      says: /speaks TLS, and PU_HTTP_TYPE is http/,
      helps: /Set PU_HTTP_TYPE to https/,
    });
  });

  test('a certificate that is trusted', async () => {
    const port = await startTlsApi(fixture('server.pem'));
    const found = await diagnose(await clinic.patient(secure(port)), clinic.env, trusting('ca.pem'));
    expect(found.verdict).toBe('The unit is well');
  });
});
