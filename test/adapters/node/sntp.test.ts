import { expect, test } from 'vitest';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { sntpClockSource } from '../../../adapters/node/sntp.ts';
import { systemClock } from '../../../adapters/shared/clock.ts';
import { clockSourceContract } from '../../contracts/clock-source.ts';
import { until } from '../../support/until.ts';
import { timePacket } from '../../support/time-packet.ts';
import { timeServer } from '../../support/time-server.ts';

const { signal } = new AbortController();
const openSockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'UDPWrap').length;

const onlyServerOpen = () => until(() => openSockets() === 1, { what: 'only the server’s socket is open' });

clockSourceContract('SNTP over UDP', async () => {
  const clock = systemClock();
  const ahead = 1_000_000;
  let isSilent = false;
  const { host, port } = await timeServer((request, reply) => {
    const now = clock.now() + ahead;
    if (!isSilent) reply(timePacket(request, { receivedMs: now, sentMs: now }));
  });
  return {
    source: sntpClockSource({ host, port }),
    offsetMs: () => clock.now() + ahead - clock.monotonic(),
    withinMs: 500,
    silence: () => {
      isSilent = true;
    },
  };
});

test('corrects for half the round trip, the server’s own time taken off', async () => {
  const clock = fakeClock();
  const reference = Date.UTC(2026, 5, 1);
  const { host, port } = await timeServer((request, reply) => {
    clock.advance(300);
    const receivedMs = reference + clock.monotonic();
    clock.advance(40);
    const sentMs = reference + clock.monotonic();
    clock.advance(300);
    reply(timePacket(request, { receivedMs, sentMs }));
  });
  const offset = await sntpClockSource({ host, port, clock, timeoutMs: 10_000 }).readOffset(signal);
  expect(offset).toBeCloseTo(reference, 2);
});

test('asks as a client of version 4, with another random timestamp each time, and nothing else', async () => {
  const now = Date.now();
  const server = await timeServer((request, reply) => reply(timePacket(request, { receivedMs: now, sentMs: now })));
  const source = sntpClockSource(server);
  await source.readOffset(signal);
  await source.readOffset(signal);
  const [first, second] = server.requests as [Buffer, Buffer];
  expect(first).toHaveLength(48);
  expect(first[0]).toBe(0x23);
  expect(first.subarray(1, 40).every((byte) => byte === 0)).toBe(true);
  expect(first.subarray(40).equals(second.subarray(40))).toBe(false);
});

test.each([
  ['of 1999', Date.UTC(1999, 0)],
  ['of 2026', Date.UTC(2026, 0)],
  ['just before the era ends', Date.UTC(2036, 1, 7, 6, 28, 15)],
  ['just after it', Date.UTC(2036, 1, 7, 6, 28, 17)],
  ['of 2100', Date.UTC(2100, 0)],
])('reads a time %s', async (_, time) => {
  const clock = fakeClock();
  const { host, port } = await timeServer((request, reply) =>
    reply(timePacket(request, { receivedMs: time, sentMs: time })),
  );
  expect(await sntpClockSource({ host, port, clock }).readOffset(signal)).toBeCloseTo(time, 2);
});

const time = Date.UTC(2026, 0);

test.each([
  ['a kiss-o’-death', { stratum: 0, referenceId: 'RATE' }, /kiss-o'-death RATE/],
  ['a server that was never synchronised', { leap: 3 }, /not synchronised/],
  ['a stratum that means unsynchronised', { stratum: 16 }, /not synchronised/],
  ['no time', { sentMs: undefined }, /without a time/],
  ['a time before the question', { sentMs: time - 1000 }, /before it was asked/],
])('refuses %s', async (_, answer, message) => {
  const { host, port } = await timeServer((request, reply) =>
    reply(timePacket(request, { receivedMs: time, sentMs: time, ...answer })),
  );
  const reading = sntpClockSource({ host, port }).readOffset(signal);
  await expect(reading).rejects.toMatchObject({
    name: 'ClockError',
    code: 'malformed',
    message: expect.stringMatching(message),
  });
  await onlyServerOpen();
});

test.each([
  [
    'with another origin timestamp',
    (request: Buffer) => timePacket(request, { origin: Buffer.alloc(8, 7), receivedMs: 0, sentMs: 0 }),
  ],
  ['of another mode', (request: Buffer) => timePacket(request, { mode: 3, receivedMs: 0, sentMs: 0 })],
  ['too short', (request: Buffer) => timePacket(request, { receivedMs: 0, sentMs: 0 }).subarray(0, 47)],
  ['empty', () => Buffer.alloc(0)],
])('passes over a packet %s, and takes the real answer after it', async (_, strange) => {
  const clock = fakeClock();
  const { host, port } = await timeServer((request, reply) => {
    reply(strange(request));
    reply(timePacket(request, { receivedMs: time, sentMs: time }));
  });
  expect(await sntpClockSource({ host, port, clock }).readOffset(signal)).toBeCloseTo(time, 2);
});

/** Lets time pass until the reading is over. */
const outlast = async (clock: ReturnType<typeof fakeClock>, reading: Promise<unknown>, stepMs = 100) => {
  const outcomes: unknown[] = [];
  void reading.then(
    (offset) => outcomes.push(offset),
    (thrown: unknown) => outcomes.push(thrown),
  );
  await until(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (outcomes.length === 0) clock.advance(stepMs);
      return outcomes.length > 0;
    },
    { what: 'the reading is over' },
  );
  return outcomes[0];
};

test('no answer is a timeout, by the clock it was given, after all samples were asked for', async () => {
  const clock = fakeClock();
  const server = await timeServer(() => undefined);
  const reading = sntpClockSource({ ...server, clock, timeoutMs: 3000 }).readOffset(signal);
  expect(await outlast(clock, reading)).toMatchObject({ name: 'ClockError', code: 'timeout' });
  expect(clock.monotonic()).toBeGreaterThanOrEqual(3000);
  expect(clock.pending).toBe(0);
  expect(server.requests.length).toBeGreaterThan(1);
  await onlyServerOpen();
});

test('of several answers the one that was on its way for the least time counts', async () => {
  const clock = fakeClock();
  const reference = Date.UTC(2026, 5, 1);
  const delays = [
    [300, 10],
    [20, 40],
    [5, 500],
    [90, 90],
  ] as const;
  let asked = 0;
  const server = await timeServer((request, reply) => {
    const [there, back] = delays[asked++] ?? [0, 0];
    clock.advance(there);
    const now = reference + clock.monotonic();
    clock.advance(back);
    reply(timePacket(request, { receivedMs: now, sentMs: now }));
  });
  const offset = await sntpClockSource({ ...server, clock, timeoutMs: 20_000 }).readOffset(signal);
  expect(offset).toBeCloseTo(reference - 10, 2);
  expect(new Set(server.requests.map((request) => request.toString('hex'))).size).toBe(4);
});

test('answers that are lost, bogus or refused cost the sample alone, as long as one is good', async () => {
  const clock = fakeClock();
  let asked = 0;
  const server = await timeServer((request, reply) => {
    asked += 1;
    if (asked === 1) return;
    if (asked === 2) return reply(timePacket(request, { receivedMs: time, sentMs: time }));
    reply(timePacket(request, { receivedMs: time, sentMs: time, stratum: 0, referenceId: 'RATE' }));
  });
  const reading = sntpClockSource({ ...server, clock, timeoutMs: 4000 }).readOffset(signal);
  expect(await outlast(clock, reading)).toBeGreaterThan(time - 4000);
  expect(asked, 'a server that refuses is not asked again').toBe(3);
});

test('a server that claims to have taken longer than it did is refused', async () => {
  const clock = fakeClock();
  const server = await timeServer((request, reply) =>
    reply(timePacket(request, { receivedMs: time, sentMs: time + 60_000 })),
  );
  await expect(sntpClockSource({ ...server, clock }).readOffset(signal)).rejects.toMatchObject({ code: 'malformed' });
});

test('a port where nobody listens is a network error', async () => {
  const { host, port, close } = await timeServer(() => undefined);
  await close();
  const reading = sntpClockSource({ host, port, timeoutMs: 10_000 }).readOffset(signal);
  await expect(reading).rejects.toMatchObject({ name: 'ClockError', code: 'network' });
  await until(() => openSockets() === 0, { what: 'no socket is open' });
});

test('a name that does not exist is a network error', async () => {
  const reading = sntpClockSource({ host: 'no-such-host.invalid', timeoutMs: 20_000 }).readOffset(signal);
  await expect(reading).rejects.toMatchObject({ name: 'ClockError', code: 'network', cause: expect.any(Error) });
});

test('leaves no socket and no timer, however it ends', async () => {
  const clock = fakeClock();
  const { host, port } = await timeServer((request, reply) =>
    reply(timePacket(request, { receivedMs: time, sentMs: time })),
  );
  const source = sntpClockSource({ host, port, clock });
  for (let reading = 0; reading < 20; reading += 1) await source.readOffset(signal);
  await expect(source.readOffset(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  await onlyServerOpen();
  expect(clock.pending).toBe(0);
});
