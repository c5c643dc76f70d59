import { createSocket, type RemoteInfo } from 'node:dgram';
import { onTestFinished } from 'vitest';

/** What a time server says. */
export interface TimeAnswer {
  readonly leap?: number;
  readonly mode?: number;
  readonly stratum?: number;
  readonly referenceId?: string;
  /** The client's timestamp returned; by default the one it sent. */
  readonly origin?: Uint8Array;
  /** Unix milliseconds; nothing for a zero timestamp. */
  readonly receivedMs: number | undefined;
  readonly sentMs: number | undefined;
}

/** Writes Unix milliseconds as an NTP timestamp of the era they are in. */
const writeTimestamp = (packet: Buffer, at: number, ms: number | undefined): void => {
  if (ms === undefined) return;
  const seconds = Math.floor(ms / 1000);
  packet.writeUInt32BE((seconds + 2_208_988_800) % 2 ** 32, at);
  packet.writeUInt32BE(Math.floor(((ms - seconds * 1000) / 1000) * 2 ** 32), at + 4);
};

/** An answer's 48 bytes. */
export const timePacket = (request: Buffer, answer: TimeAnswer): Buffer => {
  const packet = Buffer.alloc(48);
  packet[0] = ((answer.leap ?? 0) << 6) | (4 << 3) | (answer.mode ?? 4);
  packet[1] = answer.stratum ?? 2;
  packet.write(answer.referenceId ?? '', 12, 'latin1');
  packet.set(answer.origin ?? request.subarray(40, 48), 24);
  writeTimestamp(packet, 32, answer.receivedMs);
  writeTimestamp(packet, 40, answer.sentMs);
  return packet;
};

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
