import { createRequire } from 'node:module';
import mqtt from 'mqtt';
import type { MqttClient, Packet } from 'mqtt';
import { afterEach, beforeEach, expect, onTestFinished, vi } from 'vitest';
import { mqttBroker } from '../../adapters/shared/mqtt/broker.ts';
import type { Link, LinkListener, LinkOptions } from '../../services/broker.ts';
import { BrokerError } from '../../services/errors.ts';

export const clientId = '0d5e3b1c-0000-4000-8000-000000000001';
export const username = 'canary.token.of-a-unit';

/** Stops something after the test, the newest first. */
export const later = <T extends { stop(): unknown }>(started: T): T => {
  onTestFinished(async () => void (await started.stop()));
  return started;
};

/** A listener that listens to nothing. */
export const deaf: LinkListener = { onMessage: () => undefined, onClosed: () => undefined };
export const optionsFor = (port: number, changes: Partial<LinkOptions> = {}): LinkOptions => ({
  url: `mqtt://127.0.0.1:${port}`,
  version: 4,
  clientId,
  username,
  keepaliveSeconds: 60,
  timeoutMs: 5000,
  ...changes,
});
/** Opens a link, and closes it after the test. */
export const open = async (
  options: LinkOptions,
  listener = deaf,
  signal = new AbortController().signal,
): Promise<Link> => {
  const link = await mqttBroker().open(options, listener, signal);
  onTestFinished(() => link.close());
  return link;
};
/** The broker error that a promise fails with, which shows no token. */
export const failure = async (promise: Promise<unknown>): Promise<BrokerError> => {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(BrokerError);
  expect(`${(thrown as Error).stack}${String((thrown as Error).cause)}`).not.toContain('canary');
  return thrown as BrokerError;
};

/** The MQTT library's client objects that each test of a file makes, in order. */
export const watchClients = (): readonly MqttClient[] => {
  const made: MqttClient[] = [];
  beforeEach(() => {
    made.length = 0;
    const { connect } = mqtt;
    vi.spyOn(mqtt, 'connect').mockImplementation((...parameters: Parameters<typeof connect>) => {
      const client = connect(...parameters);
      made.push(client);
      return client;
    });
  });
  afterEach(() => void vi.restoreAllMocks());
  return made;
};

/** How many messages and requests a client object holds until they are answered. */
export const heldBy = ({ outgoing }: MqttClient): number => Object.keys(outgoing).filter(Number).length;

interface PacketParser {
  on(event: 'packet', listener: (packet: Packet) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  parse(bytes: Uint8Array): number;
}

interface Options {
  readonly protocolVersion: number;
}

// The packet codec comes with the MQTT library and is no dependency of its own.
const here = createRequire(import.meta.url);

/** Turns bytes to MQTT packets, and packets to bytes. */
export const { parser, generate } = createRequire(here.resolve('mqtt'))('mqtt-packet') as {
  parser(options: Options): PacketParser;
  generate(packet: object, options: Options): Buffer;
};
