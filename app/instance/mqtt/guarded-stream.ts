import { Duplex } from 'node:stream';
import { BrokerError } from '../../../services/errors.ts';

/** Limits of a client's traffic. */
export interface TrafficLimits {
  /** Size of the largest packet, bytes; the body of a larger one is not passed on. */
  readonly packetBytes: number;
  /** Messages a second; reading pauses above it. No limit by default. */
  readonly messagesPerSecond?: number;
  /** Bytes a second; reading pauses above it. No limit by default. */
  readonly bytesPerSecond?: number;
}

const publishType = 3;

/** What a frame reader found in a chunk. */
export interface Frames {
  /** How many PUBLISH packets began. */
  readonly publishes: number;
  /** How many bytes there are up to the body of a packet that is too large. */
  readonly oversizedAt?: number;
}

/** Counts MQTT packets in the chunks of a stream (MQTT 5, section 2.1: a header byte, then up to four of length). */
export interface FrameReader {
  /** Reads up to the header of a packet that is too large. @throws {BrokerError} `malformed` */
  take(chunk: Uint8Array): Frames;
}

/** @param limit Size of the largest packet, bytes, header included. */
export const createFrameReader = (limit: number): FrameReader => {
  let body = 0;
  let type: number | undefined;
  let length = 0;
  let digits = 0;

  /** Reads one byte of a header. @returns Whether it was the last one. */
  const readHeader = (byte: number): boolean => {
    if (type === undefined) {
      type = byte >> 4;
      length = 0;
      digits = 0;
      return false;
    }
    length += (byte & 0x7f) * 128 ** digits;
    digits += 1;
    if (digits > 4)
      throw new BrokerError('malformed', 'A packet has a length of more than four bytes. Check the client.');
    return (byte & 0x80) === 0;
  };

  return {
    take: (chunk) => {
      let publishes = 0;
      let at = 0;
      while (at < chunk.length) {
        if (body > 0) {
          const step = Math.min(body, chunk.length - at);
          body -= step;
          at += step;
          continue;
        }
        const isWhole = readHeader(chunk[at] ?? 0);
        at += 1;
        if (!isWhole) continue;
        if (length + 1 + digits > limit) return { publishes, oversizedAt: at };
        if (type === publishType) publishes += 1;
        type = undefined;
        body = length;
      }
      return { publishes };
    },
  };
};

/** Seconds until a debt is down to what one second allows. */
const wait = (debt: number, rate: number | undefined): number => (rate === undefined ? 0 : (debt - rate) / rate);

/** Creates a function that counts what was read, and returns how long to pause, milliseconds. */
const pacer = ({ messagesPerSecond, bytesPerSecond }: TrafficLimits) => {
  let last = performance.now();
  let messages = 0;
  let bytes = 0;
  return (moreMessages: number, moreBytes: number): number => {
    const now = performance.now();
    const seconds = (now - last) / 1000;
    last = now;
    const owed = (debt: number, more: number, rate: number | undefined) =>
      rate === undefined ? 0 : Math.max(0, debt - seconds * rate) + more;
    messages = owed(messages, moreMessages, messagesPerSecond);
    bytes = owed(bytes, moreBytes, bytesPerSecond);
    return Math.max(0, wait(messages, messagesPerSecond), wait(bytes, bytesPerSecond)) * 1000;
  };
};

/** Reads from a socket, with the pauses of a pacer. */
const intake = (socket: Duplex, limits: TrafficLimits) => {
  const frames = createFrameReader(limits.packetBytes);
  const pace = pacer(limits);
  let holding: NodeJS.Timeout | undefined;
  let isWanted = false;
  let isOversized = false;
  const resume = () => {
    isWanted = true;
    if (holding === undefined) socket.resume();
  };
  const pause = () => {
    isWanted = false;
    socket.pause();
  };
  const hold = (milliseconds: number) => {
    socket.pause();
    holding = setTimeout(() => {
      holding = undefined;
      if (isWanted) socket.resume();
    }, milliseconds);
  };
  return {
    resume,
    pause,
    /** @returns The bytes to pass on: after the header of a packet that is too large, none. @throws {BrokerError} `malformed` */
    take: (chunk: Uint8Array): Uint8Array => {
      if (isOversized) return chunk.subarray(0, 0);
      const { publishes, oversizedAt } = frames.take(chunk);
      isOversized = oversizedAt !== undefined;
      const milliseconds = pace(publishes, chunk.length);
      if (milliseconds >= 1 && holding === undefined) hold(milliseconds);
      return chunk.subarray(0, oversizedAt);
    },
    stop: () => clearTimeout(holding),
  };
};

/** Time for a client to read what was sent last and close its end, milliseconds. */
const farewellMs = 2_000;

/**
 * Ends a connection, and discards what still comes: data that nobody reads would make the end a reset, which destroys
 * the last packets, such as a DISCONNECT with its reason, before the client has read them.
 */
const endGently = (socket: Duplex): void => {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), farewellMs);
  socket.once('close', () => clearTimeout(timer));
  socket.end();
  socket.resume();
};

/**
 * Makes `read()` return everything that is buffered, as it did before Node 26.
 *
 * The broker library reads once for each `readable` event, and would stall on a packet that arrived in pieces.
 */
export const withWholeReads = (stream: Duplex): Duplex => {
  const readOne = stream.read.bind(stream) as (size?: number) => Buffer | null;
  stream.read = (size?: number) => {
    const pieces: Buffer[] = [];
    for (let piece = readOne(size); piece !== null; piece = readOne(size)) pieces.push(piece);
    return pieces.length > 1 ? Buffer.concat(pieces) : (pieces[0] ?? null);
  };
  return stream;
};

type Written = (error?: Error | null) => void;

/**
 * Wraps a client's socket, and applies the limits before a broker buffers the data. The broker reads the header of a packet
 * that is too large, and refuses it.
 */
export const guardedStream = (socket: Duplex, limits: TrafficLimits): Duplex => {
  const inbound = intake(socket, limits);
  const send = (chunks: readonly Uint8Array[], done: Written) => {
    // Nobody is left to read it, and a write that stays open would keep the broker from what the client sent before.
    if (socket.destroyed) return done();
    socket.cork();
    const isRoomLeft = chunks.map((chunk) => socket.write(chunk)).every(Boolean);
    socket.uncork();
    if (isRoomLeft) return done();
    const go = () => {
      socket.off('drain', go).off('close', go);
      done();
    };
    socket.on('drain', go).on('close', go);
  };
  const stream = new Duplex({
    read: () => inbound.resume(),
    write: (chunk: Uint8Array, _encoding, done) => send([chunk], done),
    writev: (chunks, done) =>
      send(
        chunks.map(({ chunk }) => chunk as Uint8Array),
        done,
      ),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      inbound.stop();
      endGently(socket);
      done(error);
    },
  });
  const passOn = (chunk: Uint8Array) => {
    const allowed = inbound.take(chunk);
    if (allowed.length > 0 && !stream.push(allowed)) inbound.pause();
  };
  socket.on('data', (chunk: Uint8Array) => {
    if (stream.destroyed) return;
    try {
      passOn(chunk);
    } catch (thrown) {
      stream.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  });
  socket.on('end', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  // What a client sent before it left is passed on first: the broker may still have to read it.
  socket.on('close', () =>
    socket.readableEnded && !stream.readableEnded ? stream.once('end', () => stream.destroy()) : stream.destroy(),
  );
  return withWholeReads(stream);
};
