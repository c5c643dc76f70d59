import { describe, expect, test } from 'vitest';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { memoryRest } from '../../../adapters/memory/rest.ts';
import { RestError } from '../../../services/errors.ts';
import { restContract } from '../../contracts/rest.ts';

const target = { baseUrl: 'http://memory', unitUuid: 'u', token: 't' };

describe('the contract', () => {
  restContract(async ({ env, schema, firmware, file, outputUuid, inputs, units }) => {
    const rest = memoryRest({
      documents: {
        env,
        schema,
        firmware,
        files: { 'https://elsewhere.test/file': file },
        units,
        inputsByOutput: { [outputUuid]: inputs },
        targetVersion: { commit: 'abc', tag: null },
      },
    });
    const address = new URL('https://elsewhere.test/file');
    return { rest, target, file: address, requests: () => rest.calls.length, stop: async () => undefined };
  });
});

test('fails the next call of a method alone', async () => {
  const rest = memoryRest({ documents: { env: { a: 1 } } });
  rest.fail('getEnv', new RestError('status', 'no', { status: 500 }));
  await expect(rest.getEnv(target)).rejects.toMatchObject({ status: 500 });
  expect(await rest.getEnv(target)).toEqual({ a: 1 });
  expect(rest.calls.map(({ call }) => call)).toEqual(['getEnv', 'getEnv']);
});

test('a delay passes on the given clock, or ends with the signal', async () => {
  const clock = fakeClock();
  const rest = memoryRest({ clock, documents: { env: { a: 1 } } });
  rest.delay('getEnv', 1000);
  const answered = rest.getEnv(target);
  const abort = new AbortController();
  const given = rest.getEnv(target, abort.signal);
  abort.abort();
  await expect(given).rejects.toMatchObject({ code: 'aborted' });
  clock.advance(1000);
  expect(await answered).toEqual({ a: 1 });
  expect(clock.pending).toBe(0);
});

test('out of reach, each call fails, until it is back', async () => {
  const rest = memoryRest({ documents: { env: { a: 1 } } });
  rest.isReachable = false;
  await expect(rest.getEnv(target)).rejects.toMatchObject({ code: 'network' });
  rest.isReachable = true;
  expect(await rest.getEnv(target)).toEqual({ a: 1 });
});
