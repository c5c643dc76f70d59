import { expect, onTestFinished } from 'vitest';
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
