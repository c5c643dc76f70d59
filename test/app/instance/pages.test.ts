import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { addUnit, startInstanceWithUnit, startTestInstance } from '../../support/instance.ts';
import type { Instance } from '../../../app/instance/index.ts';

const ofThisMachine = [
  'http://localhost:5173',
  'https://localhost',
  'http://app.localhost:3000',
  'http://127.0.0.1:8080',
  'http://127.5.6.7',
  'http://[::1]:4173',
];
const foreign = [
  'https://evil.test',
  'http://localhost.evil.test',
  'http://evil.test:5173',
  'http://127.0.0.1.evil.test',
  'http://192.168.1.7',
  'https://app.test:8443',
  'null',
  'no origin',
];

/** The answer to a WebSocket's request of a page: 101, or the status of the refusal. */
const handshake = async ({ webSocketUrl }: Instance, origin?: string): Promise<number> => {
  const socket = new WebSocket(webSocketUrl, 'mqtt', origin === undefined ? {} : { origin });
  socket.on('error', () => undefined);
  onTestFinished(() => socket.terminate());
  return Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, response]) => (response as { statusCode: number }).statusCode),
  ]);
};

describe('what a page may do', () => {
  it('MQTT over WebSocket is for pages of this machine, of origins that are named, and for programs', async () => {
    const { instance } = await startTestInstance({ origins: ['https://app.test'] });
    for (const origin of [...ofThisMachine, 'https://app.test', undefined])
      expect([origin, await handshake(instance, origin)]).toEqual([origin, 101]);
    for (const origin of foreign) expect([origin, await handshake(instance, origin)]).toEqual([origin, 403]);
  });

  it('reads the answers of the REST API, refusals too, from an allowed origin alone', async () => {
    const { instance, unit } = await startInstanceWithUnit();
    const ask = (origin: string, path: string) =>
      fetch(`${instance.apiUrl}${path}`, { headers: { origin, 'x-auth-token': unit.token } });
    for (const path of [`/units/env/${unit.uuid}`, '/units/env/zzz', '/nope']) {
      for (const origin of ofThisMachine) {
        const { headers } = await ask(origin, path);
        expect(headers.get('access-control-allow-origin')).toBe(origin);
        expect(headers.get('access-control-allow-credentials')).toBe('true');
        expect(headers.get('vary')).toContain('Origin');
      }
      for (const origin of foreign)
        expect((await ask(origin, path)).headers.has('access-control-allow-origin')).toBe(false);
    }
  });

  it('may ask before a request with a token, from an allowed origin alone', async () => {
    const { instance, operator } = await startInstanceWithUnit();
    const preflight = (origin: string, method: string) =>
      fetch(`${instance.apiUrl}/units`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'content-type,x-auth-token',
        },
      });
    const allowed = await preflight('http://localhost:5173', 'POST');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
    expect(allowed.headers.get('access-control-allow-headers')).toBe('content-type,x-auth-token');
    expect(allowed.headers.get('access-control-allow-methods')?.split(',')).toEqual(['GET', 'POST', 'PATCH', 'DELETE']);
    expect(await allowed.text()).toBe('');
    const refused = await preflight('https://evil.test', 'POST');
    expect([refused.status, refused.headers.has('access-control-allow-origin')]).toEqual([405, false]);
    // A program that is no page gets what it ever got.
    expect((await operator('OPTIONS', '/units')).status).toBe(405);
    expect((await operator('GET', '/units')).headers.has('access-control-allow-origin')).toBe(false);
  });

  it("may also come from the host that the instance's own addresses name", async () => {
    const { instance } = await startTestInstance({ host: '0.0.0.0' });
    await addUnit(instance);
    const { hostname } = new URL(instance.httpUrl);
    expect(await handshake(instance, `http://${hostname}:5173`)).toBe(101);
    expect(await handshake(instance, 'http://192.0.2.1')).toBe(403);
  });
});
