import { getEventListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { MqttVersion } from '../../../../services/broker.ts';
import type { BrokerError } from '../../../../services/errors.ts';
import { deaf, failure, later, open, optionsFor } from '../../../support/mqtt.ts';
import { connack, startScriptedBroker } from '../../../support/scripted-broker.ts';
import { until } from '../../../support/until.ts';

const refusing = async (version: MqttVersion, reasonCode: number) =>
  later(
    await startScriptedBroker((socket) =>
      socket.end(Buffer.from(version === 5 ? [0x20, 3, 0, reasonCode, 0] : [0x20, 2, 0, reasonCode])),
    ),
  );
describe('CONNACK and DISCONNECT', () => {
  const refusals: [MqttVersion, number, BrokerError['code']][] = [
    [4, 1, 'protocol'],
    [4, 2, 'credentials'],
    [4, 3, 'refused'],
    [4, 4, 'credentials'],
    [4, 5, 'credentials'],
    [5, 0x84, 'protocol'],
    [5, 0x85, 'credentials'],
    [5, 0x86, 'credentials'],
    [5, 0x87, 'credentials'],
    [5, 0x8a, 'credentials'],
    [5, 0x88, 'refused'],
    [5, 0x97, 'quota'],
    [5, 0x9f, 'quota'],
  ];
  test.each(refusals)('version %i, code %i is %s (M2)', async (version, reasonCode, code) => {
    const broker = await refusing(version, reasonCode);
    expect(await failure(open(optionsFor(broker.port, { version })))).toMatchObject({ code, reasonCode });
    await until(() => broker.open.size === 0);
  });

  test('a broker of 3.1.1 alone is found out (M8)', async () => {
    const broker = later(
      await startScriptedBroker((socket, chunk) => {
        // The level follows the header, the length, and the name "MQTT" with its own length.
        if (chunk[chunk.indexOf('MQTT') + 4] === 4) socket.write(connack[4]);
        else socket.end(Buffer.from([0x20, 2, 0, 1]));
      }),
    );
    expect((await failure(open(optionsFor(broker.port, { version: 5 })))).code).toBe('protocol');
    expect((await open(optionsFor(broker.port))).version).toBe(4);
  });

  test.each([
    [0x8e, 'takenOver'],
    [0x87, 'credentials'],
    [0x8b, 'closed'],
    [0x97, 'quota'],
    [0x98, 'closed'],
  ])('a DISCONNECT with %i is %s, even where the broker stays', async (reasonCode, code) => {
    const broker = later(
      await startScriptedBroker((socket, _chunk, count) => {
        if (count === 0) socket.write(Buffer.concat([connack[5], Buffer.from([0xe0, 2, reasonCode, 0])]));
      }),
    );
    const ends: Error[] = [];
    await open(optionsFor(broker.port, { version: 5 }), { ...deaf, onClosed: (error) => ends.push(error) }).catch(
      (error: Error) => ends.push(error),
    );
    await until(() => ends.length > 0 && broker.open.size === 0);
    expect(ends).toMatchObject([{ code, reasonCode }]);
  });
});

describe('SUBACK (M7)', () => {
  test('each code is told for its topic', async () => {
    const broker = later(
      await startScriptedBroker((socket, chunk, count) => {
        if (count === 0) socket.write(connack[4]);
        else if (chunk[0] === 0x82) socket.write(Buffer.from([0x90, 5, chunk[2] ?? 0, chunk[3] ?? 0, 0, 0x80, 1]));
      }),
    );
    const link = await open(optionsFor(broker.port));
    expect(await link.subscribe(['a', 'b', 'c'])).toEqual([
      { topic: 'a', granted: true, reasonCode: 0 },
      { topic: 'b', granted: false, reasonCode: 0x80 },
      { topic: 'c', granted: true, reasonCode: 1 },
    ]);
  });

  test('a SUBACK of another length ends the link', async () => {
    const broker = later(
      await startScriptedBroker((socket, chunk, count) => {
        if (count === 0) socket.write(connack[4]);
        else socket.write(Buffer.from([0x90, 3, chunk[2] ?? 0, chunk[3] ?? 0, 0]));
      }),
    );
    const link = await open(optionsFor(broker.port));
    expect((await failure(link.subscribe(['a', 'b']))).code).toBe('closed');
  });
});

describe('silence', () => {
  test('no CONNACK within the limit, and no socket is left', async () => {
    const broker = later(await startScriptedBroker());
    expect((await failure(open(optionsFor(broker.port, { timeoutMs: 100 })))).code).toBe('timeout');
    await until(() => broker.open.size === 0);
  });

  test('a signal ends the attempt, and leaves neither socket nor listener', async () => {
    const broker = later(await startScriptedBroker());
    const abort = new AbortController();
    const attempt = open(optionsFor(broker.port), deaf, abort.signal);
    await until(() => broker.open.size === 1);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
    abort.abort();
    expect((await failure(attempt)).code).toBe('closed');
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
    await until(() => broker.open.size === 0);
  });

  test('calls that nobody answers keep no close waiting (M12)', async () => {
    const broker = later(
      await startScriptedBroker((socket, _chunk, count) => void (count === 0 && socket.write(connack[4]))),
    );
    const link = await open(optionsFor(broker.port, { timeoutMs: 90_000 }));
    const calls = [link.subscribe(['a']), link.unsubscribe(['a']), link.publish('a', 'x', { qos: 1 })].map(failure);
    const begun = performance.now();
    await link.close();
    expect(performance.now() - begun).toBeLessThan(30_000);
    for (const call of calls) expect((await call).code).toBe('closed');
    expect(broker.received().subarray(-2)).toEqual(Buffer.from([0xe0, 0]));
  });

  test('acknowledgements are signs of life, of which no PINGREQ has to remind (M4)', async () => {
    const broker = later(
      await startScriptedBroker((socket, chunk, count) => {
        if (count === 0) socket.write(connack[4]);
        else if (chunk[0] === 0x32) socket.write(Buffer.concat([Buffer.from([0x40, 2]), chunk.subarray(5, 7)]));
      }),
    );
    const onClosed = vi.fn<(error: Error) => void>();
    const link = await open(optionsFor(broker.port, { keepaliveSeconds: 2 }), { ...deaf, onClosed });
    // Twice the keep-alive; PINGREQ goes unanswered, which ends a link after one and a half.
    for (const begun = performance.now(); performance.now() - begun < 4000; await setTimeout(20)) {
      await link.publish('a', 'x', { qos: 1 });
    }
    expect(onClosed).not.toHaveBeenCalled();
  });

  test('a broker that reads nothing more holds publishing back, not memory or the end', async () => {
    const broker = later(
      await startScriptedBroker((socket) => {
        socket.write(connack[4]);
        socket.pause();
      }),
    );
    const warn = vi.fn<(warning: Error) => void>();
    process.on('warning', warn);
    const link = await open(optionsFor(broker.port, { timeoutMs: 300, keepaliveSeconds: 2 }));
    const large = 'x'.repeat(64 * 1024);
    const results = await Promise.allSettled(Array.from({ length: 2000 }, () => link.publish('a', large)));
    expect(results.some(({ status }) => status === 'rejected')).toBe(true);
    const begun = performance.now();
    await link.close();
    expect(performance.now() - begun).toBeLessThan(30_000);
    process.off('warning', warn);
    expect(warn).not.toHaveBeenCalled();
  });
});
