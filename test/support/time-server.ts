import { createSocket, type RemoteInfo } from 'node:dgram';
import { onTestFinished } from 'vitest';

/** A time server on the loopback, until the test is over; `answer` gets each request and a way to send packets back. */
export const timeServer = async (answer: (request: Buffer, reply: (packet: Buffer) => void) => void) => {
  const socket = createSocket('udp4');
  const requests: Buffer[] = [];
  socket.on('message', (request: Buffer, from: RemoteInfo) => {
    requests.push(request);
    answer(request, (packet) => socket.send(packet, from.port, from.address));
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const close = () => new Promise<void>((resolve) => socket.close(resolve));
  let isClosed = false;
  onTestFinished(() => (isClosed ? undefined : close()));
  return {
    host: '127.0.0.1',
    port: socket.address().port,
    requests,
    close: () => {
      isClosed = true;
      return close();
    },
  };
};
