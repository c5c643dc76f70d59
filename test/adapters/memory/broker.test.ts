import { describe, expect, test } from 'vitest';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { memoryBroker } from '../../../adapters/memory/broker.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { LinkListener, LinkOptions, MqttVersion } from '../../../services/broker.ts';
import { brokerContract, type BrokerBench } from '../../contracts/broker.ts';

const deaf: LinkListener = { onMessage: () => undefined, onClosed: () => undefined };

const inMemory = (version: MqttVersion) => async (): Promise<BrokerBench> => {
  const broker = memoryBroker();
  broker.deny('denied/pepeunit');
  return {
    broker,
    url: 'mqtt://memory',
    cut: () => broker.cut(new BrokerError('closed', 'cut')),
    deniedTopic: 'denied/pepeunit',
    takeOverCodes: [version === 5 ? 'takenOver' : 'closed'],
    stop: async () => undefined,
  };
};

describe.each<MqttVersion>([4, 5])('in memory, version %i', (version) => {
  brokerContract(version, inMemory(version));
});

const options = (changes: Partial<LinkOptions> = {}): LinkOptions => ({
  url: 'mqtt://memory',
  version: 5,
  clientId: 'unit',
  username: 'token',
  keepaliveSeconds: 60,
  timeoutMs: 1000,
  ...changes,
});

describe('steering', () => {
  const { signal } = new AbortController();

  test('refuses, then lets in again, and keeps every attempt', async () => {
    const broker = memoryBroker({ versions: [4] });
    broker.refuse(new BrokerError('network', 'down'));
    await expect(broker.open(options(), deaf, signal)).rejects.toMatchObject({ code: 'network' });
    broker.refuse(undefined);
    await expect(broker.open(options(), deaf, signal)).rejects.toMatchObject({ code: 'protocol' });
    await broker.open(options({ version: 4 }), deaf, signal);
    expect(broker.connects.map(({ version }) => version)).toEqual([5, 5, 4]);
    expect(broker.openClients).toEqual(['unit']);
  });

  test('parted from one host, or from all, a link ends and none opens until the partition is healed', async () => {
    const broker = memoryBroker();
    const ends: Error[] = [];
    const listener = { ...deaf, onClosed: (error: Error) => ends.push(error) };
    const at = (host: string) => broker.open(options({ url: `mqtt://${host}:1883`, clientId: host }), listener, signal);
    await at('near');
    await at('far');
    broker.partition('far');
    expect(broker.openClients).toEqual(['near']);
    await expect(at('far')).rejects.toMatchObject({ code: 'network' });
    broker.heal('far');
    await at('far');
    broker.partition();
    await expect(at('near')).rejects.toMatchObject({ code: 'network' });
    broker.heal('near');
    await expect(at('near'), 'the whole network is still away').rejects.toMatchObject({ code: 'network' });
    broker.heal();
    await at('near');
    expect(broker.openClients).toEqual(['near']);
    expect(ends).toHaveLength(3);
  });

  test('frozen, a link dies of an answer that it waits for, or of silence, on the clock; thawed, what waits goes on', async () => {
    const clock = fakeClock();
    const broker = memoryBroker({ clock });
    const ends: Error[] = [];
    const link = await broker.open(options(), { ...deaf, onClosed: (error) => ends.push(error) }, signal);
    broker.freeze();
    const patient = link.publish('a', 'x', { qos: 1 });
    broker.thaw();
    await patient;
    expect(broker.published).toHaveLength(1);
    broker.freeze();
    const late = link.subscribe(['a']).catch((error: unknown) => error);
    clock.advance(1000);
    expect(await late).toMatchObject({ name: 'BrokerError', code: 'timeout' });
    expect(ends).toMatchObject([{ code: 'timeout' }]);
    broker.thaw();
    await broker.open(options(), { ...deaf, onClosed: (error) => ends.push(error) }, signal);
    broker.freeze();
    clock.advance(90_000);
    expect(ends).toMatchObject([{ code: 'timeout' }, { code: 'timeout' }]);
    expect(clock.pending).toBe(0);
  });

  test('sends from outside, with wildcards, the retained mark and properties', async () => {
    const broker = memoryBroker();
    const seen: unknown[] = [];
    const onMessage: LinkListener['onMessage'] = (...message) => void seen.push(message);
    const link = await broker.open(options(), { ...deaf, onMessage }, signal);
    await link.subscribe(['a/+/c', 'z/#']);
    expect(broker.subscriptionsOf('unit')).toEqual(['a/+/c', 'z/#']);
    const bytes = new TextEncoder().encode('x');
    broker.send('a/b/c', 'x', { retained: true, properties: { contentType: 'text' } });
    broker.send('a/b/d', 'x');
    broker.send('z', 'x');
    await Promise.resolve();
    expect(seen).toEqual([
      ['a/b/c', bytes, true, { contentType: 'text' }],
      ['z', bytes, false, undefined],
    ]);
  });

  test('a denied topic refuses what is acknowledged and drops what is not', async () => {
    const broker = memoryBroker();
    broker.deny('closed');
    const link = await broker.open(options(), deaf, signal);
    await link.publish('closed', 'x');
    await expect(link.publish('closed', 'x', { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 });
    broker.allow('closed');
    await link.publish('closed', 'x');
    expect(broker.published).toHaveLength(1);
  });
});
