import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { compiled, run } from '../../../support/compiled.ts';

test('a program that is quietened ends by itself, and nothing in it fails', async () => {
  const program = await compiled(new URL('../../../support/programs/quiescing.ts', import.meta.url));
  onTestFinished(() => program.remove());
  const server = createServer((socket) => void socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { end, printed } = run(program, [String((server.address() as AddressInfo).port)]);
  expect(await end).toBe(0);
  expect(printed()).toBe('socket closed\n');
}, 60_000);
