import { expect, onTestFinished } from 'vitest';
import { kyRest, type KyRestOptions } from '../../adapters/shared/rest/rest.ts';
import { RestError } from '../../services/errors.ts';
import type { RestTarget } from '../../services/rest.ts';
import { unitUuid } from './documents.ts';
import { startHttpServer, type Answer, type HttpServer } from './http-server.ts';

export const token = 'canaryheader.canarypayload.canarysignature';
export const targetAt = (origin: string): RestTarget => ({ baseUrl: `${origin}/pepeunit/api/v1`, unitUuid, token });

/** Starts a server that ends with the test. */
export const start = async (answer: Answer): Promise<HttpServer> => {
  const server = await startHttpServer(answer);
  onTestFinished(() => server.stop());
  return server;
};

/** Everything that an error shows, causes included. */
const shown = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return JSON.stringify(thrown);
  return `${thrown.stack} ${JSON.stringify(thrown)} ${thrown.cause === undefined ? '' : shown(thrown.cause)}`;
};

/** The REST error that a promise fails with, which shows no token. */
export const failure = async (promise: Promise<unknown>): Promise<RestError> => {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(RestError);
  expect(shown(thrown)).not.toContain('canary');
  return thrown as RestError;
};

/** What getting the env from such a server fails with. */
export const envFailure = async (answer: Answer, options: KyRestOptions = {}): Promise<RestError> => {
  const server = await start(answer);
  return failure(kyRest(options).getEnv(targetAt(server.origin)));
};
