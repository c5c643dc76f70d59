import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { systemClock } from '../../../adapters/shared/clock.ts';
import { httpClockSource } from '../../../adapters/shared/http-clock-source.ts';
import { clockSourceContract } from '../../contracts/clock-source.ts';
import { until } from '../../support/until.ts';

const httpServer = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};

const { signal } = new AbortController();
const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
const middle = Date.UTC(2026, 0) + 500;

clockSourceContract('Date header over HTTP', async () => {
  const clock = systemClock();
  let isSilent = false;
  const url = await httpServer((_, response) => {
    if (!isSilent) response.end();
  });
  return {
    source: httpClockSource({ url }),
    offsetMs: () => clock.now() - clock.monotonic(),
    withinMs: 2000,
    silence: () => {
      isSilent = true;
    },
  };
});

test('takes the middle of the second, half the round trip taken off, with HEAD and whatever the status', async () => {
  const clock = fakeClock();
  const methods: unknown[] = [];
  const url = await httpServer((request, response) => {
    methods.push(request.method);
    clock.advance(200);
    response.writeHead(404, { date }).end();
  });
  expect(await httpClockSource({ url, clock }).readOffset(signal)).toBe(middle - 100);
  expect(methods).toEqual(['HEAD']);
  expect(clock.pending).toBe(0);
});

test('adds the age of an answer from a cache', async () => {
  const url = await httpServer((_, response) => response.writeHead(200, { date, age: '60' }).end());
  expect(await httpClockSource({ url, clock: fakeClock() }).readOffset(signal)).toBe(middle + 60_000);
});

test('an answer without a date, or with no date in it, is malformed', async () => {
  for (const value of [undefined, 'yesterday']) {
    const url = await httpServer((_, response) => {
      response.sendDate = false;
      if (value !== undefined) response.setHeader('date', value);
      response.end();
    });
    await expect(httpClockSource({ url }).readOffset(signal)).rejects.toMatchObject({ code: 'malformed' });
  }
});

test('no answer is a timeout by the clock it was given; a refused connection is a network error', async () => {
  const clock = fakeClock();
  let asked = 0;
  const url = await httpServer(() => void (asked += 1));
  const reading = httpClockSource({ url, clock, timeoutMs: 2000 }).readOffset(signal);
  const outcome = reading.catch((thrown: unknown) => thrown);
  await until(() => asked > 0, { what: 'the server was asked' });
  clock.advance(2000);
  expect(await outcome).toMatchObject({ name: 'ClockError', code: 'timeout' });
  expect(clock.pending).toBe(0);
  await expect(httpClockSource({ url: 'http://127.0.0.1:1/' }).readOffset(signal)).rejects.toMatchObject({
    name: 'ClockError',
    code: 'network',
  });
});
