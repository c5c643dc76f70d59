import { afterEach, describe, expect, test, vi } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { writeUnitDocuments } from '../../support/documents.ts';
import { temporaryFolder } from '../../support/folder.ts';

afterEach(() => void vi.restoreAllMocks());

/** How an app hands over what its libraries print. */
const ways: readonly (readonly [name: string, way: (hand: () => void) => void])[] = [
  ['at once', (hand) => hand()],
  ['a microtask later', (hand) => queueMicrotask(hand)],
  ['a turn later', (hand) => void setImmediate(hand)],
];

/** Sends the whole console to a logger. @returns How often the console was called. */
const redirect = (logger: () => PepeunitClient['logger'], way: (hand: () => void) => void) => {
  const calls: string[] = [];
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, name).mockImplementation((...printed: unknown[]) => {
      calls.push(name);
      // What comes back from the log for ever would keep the test busy for ever.
      if (calls.length < 1_000) way(() => logger().info(`console: ${printed.map(String).join(' ')}`));
    });
  }
  return calls;
};

const quiet = async () => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe.each(ways)('an app that sends its console to the log, %s', (_name, way) => {
  test.each(['before', 'after'] as const)('%s it makes the client: each entry is logged once (L6)', async (when) => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const calls = when === 'before' ? redirect(() => client.logger, way) : [];
    const client: PepeunitClient = new PepeunitClient({
      ...(await writeUnitDocuments(await temporaryFolder())),
      ffMqttLogEnable: false,
    });
    if (when === 'after') redirect(() => client.logger, way);
    for (let entry = 0; entry < 40; entry += 1) client.logger.info(`entry ${entry}`);
    client.logger.error('an error');
    console.warn('of a library');
    await quiet();
    const texts = (await client.logger.getFullLog()).map(({ text }) => text);
    const own = Array.from({ length: 40 }, (_, entry) => `entry ${entry}`);
    expect(texts).toEqual([...own, 'an error', 'console: of a library']);
    expect(calls.length).toBeLessThan(200);
    await client.stopMainCycle();
  });
});

test('two units whose consoles are sent to the log of the first feed nothing back (L6)', async () => {
  const options = { ...(await writeUnitDocuments(await temporaryFolder())), ffMqttLogEnable: false };
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const first = new PepeunitClient(options);
  const calls = redirect(
    () => first.logger,
    (hand) => hand(),
  );
  const second = new PepeunitClient({ ...options, ffFileLogEnable: false });
  second.logger.info('of the second');
  first.logger.info('of the first');
  const texts = (await first.logger.getFullLog()).map(({ text }) => text);
  expect(texts).toEqual([expect.stringMatching(/^console: .* of the second$/), 'of the first']);
  expect(calls).toHaveLength(1);
  await Promise.all([first.stopMainCycle(), second.stopMainCycle()]);
});
