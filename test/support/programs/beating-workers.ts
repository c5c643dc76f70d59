import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { isMainThread, Worker } from 'node:worker_threads';
import { nodeProcessControl } from '../../../adapters/node/process/restart.ts';

/** Beats in one worker thread and then in another, with a connection opened in between. Prints the bytes that came on it. */
const work = async () => {
  const worker = new Worker(new URL(import.meta.url), { stdout: true });
  await once(worker.stdout, 'data');
  return worker;
};

if (isMainThread) {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await (await work()).terminate();
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const second = await work();
  socket.end('end');
  const [peer] = await accepted;
  process.stdout.write(`${JSON.stringify({ received: await text(peer) })}\n`);
  await second.terminate();
  process.exit(0);
} else {
  nodeProcessControl({ folder: '.', execve: null }).beat?.();
  process.stdout.write('beating');
  setInterval(() => undefined, 1000);
}
