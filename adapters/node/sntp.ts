import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { Clock, ClockSource } from '../../services/clock.ts';
import { ClockError } from '../../services/errors.ts';
import { systemClock } from '../shared/clock.ts';
import { decodeAnswer, encodeRequest, type NtpAnswer } from './ntp-packet.ts';

/** Which time server to ask. */
export interface SntpOptions {
  /** @defaultValue `'pool.ntp.org'` */
  readonly host?: string;
  /** @defaultValue 123 */
  readonly port?: number;
  /** How long to wait for an answer, name look-up included, milliseconds. @defaultValue 5000 */
  readonly timeoutMs?: number;
  /** Measures the round trip and the timeout. @defaultValue the host's */
  readonly clock?: Clock;
}

interface Exchange {
  readonly request: Uint8Array;
  readonly origin: Uint8Array;
  readonly server: string;
}

const checkedAnswer = ({ leap, stratum, referenceId, receivedMs, sentMs }: NtpAnswer, server: string) => {
  const refused = (why: string) => new ClockError('malformed', `${server} ${why}. Ask another time server.`);
  if (stratum === 0) throw refused(`refuses to tell the time (kiss-o'-death ${referenceId || 'without a reason'})`);
  if (leap === 3 || stratum > 15) throw refused('is not synchronised itself');
  if (receivedMs === undefined || sentMs === undefined) throw refused('answers without a time');
  if (sentMs < receivedMs) throw refused('claims to have answered before it was asked');
  return { receivedMs, sentMs };
};

const isReplyTo = (answer: NtpAnswer | undefined, origin: Uint8Array): answer is NtpAnswer =>
  answer !== undefined && answer.mode === 4 && Buffer.compare(answer.origin, origin) === 0;

/** Sends one request and waits for the answer to it; packets that are no answer to it are passed over. */
const ask = (socket: Socket, { request, origin, server }: Exchange, clock: Clock): Promise<number> =>
  new Promise((resolve, reject) => {
    let asked = 0;
    socket.on('error', reject);
    socket.on('message', (packet) => {
      const answered = clock.monotonic();
      const answer = decodeAnswer(packet);
      if (!isReplyTo(answer, origin)) return;
      try {
        const { receivedMs, sentMs } = checkedAnswer(answer, server);
        resolve((receivedMs - asked + (sentMs - answered)) / 2);
      } catch (thrown) {
        reject(thrown);
      }
    });
    socket.once('connect', () => {
      asked = clock.monotonic();
      socket.send(request, (error) => error && reject(error));
    });
  });

const stopped = (server: string) =>
  new ClockError('aborted', `${server} is not asked any more: the reading was stopped.`);

/** Rejects when the time is up or the signal aborts; `settled` lets go of both. */
const limit = (server: string, timeoutMs: number, clock: Clock, signal: AbortSignal) => {
  const settled = new AbortController();
  const exceeded = new Promise<never>((_, reject) => {
    const timer = clock.setTimeout(() => {
      reject(
        new ClockError('timeout', `${server} gave no valid answer in ${timeoutMs} ms. Check the network and UDP.`),
      );
    }, timeoutMs);
    signal.addEventListener('abort', () => reject(stopped(server)), { signal: settled.signal });
    settled.signal.addEventListener('abort', () => clock.clearTimeout(timer));
  });
  return { exceeded, settled };
};

/**
 * Reads the time from an SNTP server over UDP, in client mode (RFC 4330, RFC 5905 section 14).
 *
 * One request an attempt, from a fresh port and with a random timestamp that the answer must return. The offset is corrected
 * for half the round trip.
 *
 * @throws {ClockError} `timeout` (also when only strange packets came), `network`, `aborted`; `malformed` for a
 * server that is not synchronised, refuses, or contradicts itself.
 */
export const sntpClockSource = ({
  host = 'pool.ntp.org',
  port = 123,
  timeoutMs = 5000,
  clock = systemClock(),
}: SntpOptions = {}): ClockSource => ({
  readOffset: async (signal) => {
    const server = `The time server ${host}:${port}`;
    if (signal.aborted) throw stopped(server);
    const { exceeded, settled } = limit(server, timeoutMs, clock, signal);
    let socket: Socket | undefined;
    const exchange = async (): Promise<number> => {
      const { address, family } = await lookup(host);
      settled.signal.throwIfAborted();
      socket = createSocket(family === 6 ? 'udp6' : 'udp4');
      const origin = randomBytes(8);
      const answered = ask(socket, { origin, request: encodeRequest(origin), server }, clock);
      socket.connect(port, address);
      return answered;
    };
    try {
      return await Promise.race([exchange(), exceeded]);
    } catch (cause) {
      if (cause instanceof ClockError) throw cause;
      throw new ClockError('network', `${server} can't be reached. Check its name, the network and UDP.`, { cause });
    } finally {
      settled.abort();
      socket?.close();
    }
  },
});
