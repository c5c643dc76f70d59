import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFrameReader, guardedStream } from '../../../app/instance/mqtt/guarded-stream.ts';
import { until } from '../../support/until.ts';

/** A header with a body of so many bytes. */
const header = (type: number, body: number): Buffer => {
  const digits: number[] = [];
  for (let rest = body; digits.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    digits.push((rest % 128) + (rest >= 128 ? 128 : 0));
  }
  return Buffer.from([type << 4, ...digits]);
};

const publish = (size: number): Buffer => Buffer.concat([header(3, size), Buffer.alloc(size, 0x33)]);
const ping = header(12, 0);

const cut = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...chunks, bytes.subarray(at)];
};

describe('a frame reader', () => {
  it('counts messages however the stream is cut', () => {
    const packets = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constant(20_000), fc.constant('ping')));
    fc.assert(
      fc.property(packets, fc.array(fc.integer({ min: 0, max: 400 })), (kinds, sizes) => {
        const whole = kinds.map((kind) => (typeof kind === 'number' ? publish(kind) : ping));
        const reader = createFrameReader(30_000);
        const counted = cut(Buffer.concat(whole), sizes).map((chunk) => reader.take(chunk).publishes);
        expect(counted.reduce((sum, count) => sum + count, 0)).toBe(kinds.filter((kind) => kind !== 'ping').length);
      }),
    );
  });

  it.each([2, 127, 128, 16_383, 16_384, 262_144])('allows a packet of %i bytes, and none larger', (limit) => {
    expect(createFrameReader(limit).take(ping)).toEqual({ publishes: 0 });
    const fits = (body: number) => header(3, body).length + body <= limit;
    const largest = Array.from({ length: 6 }, (_, less) => limit - less).find(fits) ?? 0;
    expect(createFrameReader(limit).take(header(3, largest))).toEqual({ publishes: 1 });
    const before = header(12, 0);
    const tooLarge = header(3, largest + 1);
    expect(createFrameReader(limit).take(Buffer.concat([before, tooLarge, Buffer.alloc(10)]))).toEqual({
      publishes: 0,
      oversizedAt: before.length + tooLarge.length,
    });
  });
});

describe('a guarded stream', () => {
  it('passes bytes on both ways, and ends with its socket', async () => {
    const socket = new PassThrough();
    const stream = guardedStream(socket, { packetBytes: 1000 });
    const bytes = Buffer.concat([publish(5), ping]);
    stream.write(bytes);
    const [chunk] = (await stream.take(1).toArray()) as Buffer[];
    expect(chunk).toEqual(bytes);
    await until(() => socket.destroyed);
  });

  it('passes on what came before the client left, however late it is read', async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    const accepted = once(server.listen(0, '127.0.0.1'), 'connection') as Promise<[Socket]>;
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = await accepted;
    const stream = guardedStream(socket, { packetBytes: 1000 });
    const bytes = Buffer.concat(Array.from({ length: 100 }, () => publish(500)));
    client.end(bytes);
    await once(socket.resume(), 'close');
    expect(Buffer.concat((await stream.toArray()) as Buffer[])).toEqual(bytes);
    await until(() => stream.closed);
  });

  it('ends at once with a connection that breaks', async () => {
    const socket = new PassThrough();
    const stream = guardedStream(socket, { packetBytes: 1000 });
    socket.write(publish(500));
    socket.destroy();
    await until(() => stream.closed);
  });

  it('passes nothing on after the header of a packet that is too large', async () => {
    const socket = new PassThrough();
    const stream = guardedStream(socket, { packetBytes: 1000 });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const tooLarge = publish(2000);
    socket.write(Buffer.concat([ping, tooLarge.subarray(0, 100)]));
    socket.write(tooLarge.subarray(100));
    socket.end(ping);
    await until(() => stream.readableEnded);
    expect(Buffer.concat(chunks)).toEqual(Buffer.concat([ping, header(3, 2000)]));
  });
});
