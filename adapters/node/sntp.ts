import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import type { Clock, ClockSource } from '../../services/clock.ts';
import { ClockError } from '../../services/errors.ts';
import { systemClock } from '../shared/clock.ts';

/** Options of the SNTP clock source. */
export interface SntpOptions {
  /** @defaultValue `'pool.ntp.org'` */
  readonly host?: string;
  /** @defaultValue 123 */
  readonly port?: number;
  /** Time limit of a reading, name look-up and all samples included, milliseconds. @defaultValue 5000 */
  readonly timeoutMs?: number;
  /** Number of requests; the answer with the shortest round trip counts. @defaultValue 4 */
  readonly samples?: number;
  /** Clock for round trip and timeout. @defaultValue the host's */
  readonly clock?: Clock;
}

/** Bytes of an SNTP message without extensions (RFC 4330 section 4). */
const packetBytes = 48;

/** The fields of a server's answer that a client needs. */
interface NtpAnswer {
  /** The client's transmit timestamp, returned; eight bytes. */
  readonly origin: Uint8Array;
  /** Leap indicator; 3 means an unsynchronised server. */
  readonly leap: number;
  /** Mode; 4 is a server's answer to a client. */
  readonly mode: number;
  /** Stratum; 0 is a kiss-o'-death, above 15 is unsynchronised. */
  readonly stratum: number;
  /** Four ASCII characters; in a kiss-o'-death, the reason. */
  readonly referenceId: string;
  /** When the server received the request, Unix milliseconds; `undefined` if not given. */
  readonly receivedMs: number | undefined;
  /** When the server sent the answer, Unix milliseconds; `undefined` if not given. */
  readonly sentMs: number | undefined;
}

const secondsTo1970 = 2_208_988_800;
const eraSeconds = 2 ** 32;
const fractions = 2 ** 32;

/**
 * Reads a 64-bit timestamp as Unix milliseconds; `undefined` for zero.
 *
 * Seconds with the top bit clear belong to the era that starts in 2036 (RFC 4330 section 3).
 */
const timestampAt = (view: DataView, at: number): number | undefined => {
  const seconds = view.getUint32(at);
  const fraction = view.getUint32(at + 4);
  if (seconds === 0 && fraction === 0) return undefined;
  const sinceFirstEra = seconds < 2 ** 31 ? seconds + eraSeconds : seconds;
  return (sinceFirstEra - secondsTo1970) * 1000 + (fraction * 1000) / fractions;
};

/** A client's request: version 4, mode 3, and its transmit timestamp, any eight bytes. */
const encodeRequest = (transmit: Uint8Array): Uint8Array => {
  const packet = new Uint8Array(packetBytes);
  packet[0] = 0b00_100_011;
  packet.set(transmit, 40);
  return packet;
};

/** Reads an answer; `undefined` if it is too short. */
const decodeAnswer = (packet: Uint8Array): NtpAnswer | undefined => {
  if (packet.length < packetBytes) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const first = view.getUint8(0);
  return {
    leap: first >> 6,
    mode: first & 0b111,
    stratum: view.getUint8(1),
    referenceId: String.fromCharCode(...packet.subarray(12, 16)).replaceAll(/[^A-Z0-9]/g, ''),
    origin: packet.slice(24, 32),
    receivedMs: timestampAt(view, 32),
    sentMs: timestampAt(view, 40),
  };
};

interface Exchange {
  readonly request: Uint8Array;
  readonly origin: Uint8Array;
  readonly server: string;
}

/** The result of one exchange. */
interface Sample {
  readonly offsetMs: number;
  /** Round-trip time without the server's own processing time. */
  readonly roundTripMs: number;
}

/** Lowest plausible round trip, milliseconds: slightly negative, as clocks count in different steps. */
const leastRoundTripMs = -5;

const checkedAnswer = ({ leap, stratum, referenceId, receivedMs, sentMs }: NtpAnswer, server: string) => {
  const invalid = (why: string) => new ClockError('malformed', `${server} ${why}. Ask another time server.`);
  if (stratum === 0) throw invalid(`refuses to tell the time (kiss-o'-death ${referenceId || 'without a reason'})`);
  if (leap === 3 || stratum > 15) throw invalid('is not synchronised itself');
  if (receivedMs === undefined || sentMs === undefined) throw invalid('answers without a time');
  if (sentMs < receivedMs) throw invalid('claims to have answered before it was asked');
  return { receivedMs, sentMs };
};

const sampleOf = (answer: NtpAnswer, askedMs: number, answeredMs: number, server: string): Sample => {
  const { receivedMs, sentMs } = checkedAnswer(answer, server);
  const roundTripMs = answeredMs - askedMs - (sentMs - receivedMs);
  if (roundTripMs < leastRoundTripMs) {
    throw new ClockError('malformed', `${server} claims to have taken longer than it did. Ask another time server.`);
  }
  return { offsetMs: (receivedMs - askedMs + (sentMs - answeredMs)) / 2, roundTripMs };
};

const isReplyTo = (answer: NtpAnswer | undefined, origin: Uint8Array): answer is NtpAnswer =>
  answer !== undefined && answer.mode === 4 && Buffer.compare(answer.origin, origin) === 0;

/** Sends one request and waits for its answer; ignores other packets. */
const ask = (socket: Socket, { request, origin, server }: Exchange, clock: Clock): Promise<Sample> =>
  new Promise((resolve, reject) => {
    let asked = 0;
    socket.on('error', reject);
    socket.on('message', (packet) => {
      const answered = clock.monotonic();
      const answer = decodeAnswer(packet);
      if (!isReplyTo(answer, origin)) return;
      try {
        resolve(sampleOf(answer, asked, answered, server));
      } catch (thrown) {
        reject(thrown);
      }
    });
    socket.once('connect', () => {
      asked = clock.monotonic();
      socket.send(request, (error) => error && reject(error));
    });
  });

/** Exchanges one request and answer with one address, from a fresh port. */
const exchange = async (
  { address, family }: LookupAddress,
  port: number,
  server: string,
  clock: Clock,
  end: AbortSignal,
) => {
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  end.addEventListener('abort', () => socket.close(), { once: true });
  const origin = randomBytes(8);
  const answered = ask(socket, { origin, request: encodeRequest(origin), server }, clock);
  socket.connect(port, address);
  return answered;
};

const asClockError = (server: string, cause: unknown): ClockError =>
  cause instanceof ClockError
    ? cause
    : new ClockError('network', `${server} can't be reached. Check its name, the network and UDP.`, { cause });

/** Runs a task under a time limit and an abort signal; the task's own signal aborts at the end. */
const within = async <T>(
  server: string,
  { clock, ms, signal }: { clock: Clock; ms: number; signal: AbortSignal },
  task: (end: AbortSignal) => Promise<T>,
): Promise<T> => {
  const aborted = () => new ClockError('aborted', `${server} is not asked any more: the reading was stopped.`);
  if (signal.aborted) throw aborted();
  const over = new AbortController();
  const exceeded = new Promise<never>((_, reject) => {
    const timer = clock.setTimeout(() => {
      reject(new ClockError('timeout', `${server} gave no valid answer in time. Check the network and UDP.`));
    }, ms);
    signal.addEventListener('abort', () => reject(aborted()), { signal: over.signal });
    over.signal.addEventListener('abort', () => clock.clearTimeout(timer));
  });
  try {
    return await Promise.race([task(over.signal), exceeded]);
  } catch (thrown) {
    throw asClockError(server, thrown);
  } finally {
    over.abort();
  }
};

/**
 * Reads the time from an SNTP server over UDP, in client mode (RFC 4330, RFC 5905 section 14).
 *
 * Sends several requests, to each address of the name in turn, each from a fresh port and with a random timestamp that
 * the answer must return. Takes the answer with the shortest round trip, corrected by half of it. Does not ask an
 * address again that refuses, is not synchronised, or contradicts itself.
 *
 * @throws {ClockError} Without a good answer, the reason of the last failure: `timeout` (also if only unrelated packets
 *   came), `network`, `malformed`; `aborted`.
 */
export const sntpClockSource = ({
  host = 'pool.ntp.org',
  port = 123,
  timeoutMs = 5000,
  samples = 4,
  clock = systemClock(),
}: SntpOptions = {}): ClockSource => ({
  readOffset: async (signal) => {
    const server = `The time server ${host}:${port}`;
    const began = clock.monotonic();
    const left = () => timeoutMs - (clock.monotonic() - began);
    let addresses = await within(server, { clock, ms: left(), signal }, () => lookup(host, { all: true }));
    let best: Sample | undefined;
    let failure: ClockError | undefined;
    for (let tries = samples; tries > 0 && left() > 0; tries -= 1) {
      const address = addresses[tries % addresses.length];
      if (!address) break;
      const ms = best || tries === 1 ? left() : left() / 2;
      try {
        const sample = await within(server, { clock, ms, signal }, (end) =>
          exchange(address, port, server, clock, end),
        );
        if (!best || sample.roundTripMs < best.roundTripMs) best = sample;
      } catch (thrown) {
        failure = asClockError(server, thrown);
        if (failure.code === 'aborted') throw failure;
        if (failure.code !== 'timeout') addresses = addresses.filter((other) => other !== address);
      }
    }
    if (!best) throw failure ?? asClockError(server, new Error(`${host} has no address`));
    return best.offsetMs;
  },
});
