import { Duplex } from 'node:stream';
import { frameReader } from './frames.ts';
import { withWholeReads } from './whole-reads.ts';

/** What a client may send. */
export interface TrafficLimits {
  /** Bytes of one packet; a longer one ends the connection before its body is read. */
  readonly packetBytes: number;
  /** Messages a second, after which the stream is read no further for a while; no limit when left out. */
  readonly messagesPerSecond?: number;
  /** Bytes a second, likewise. */
  readonly bytesPerSecond?: number;
}

/** Seconds until a debt is down to what one second allows. */
const wait = (debt: number, rate: number | undefined): number => (rate === undefined ? 0 : (debt - rate) / rate);

/** How long to read nothing after so much was read. */
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

/** Reading from a socket that a pacer may hold back. */
const intake = (socket: Duplex, limits: TrafficLimits) => {
  const frames = frameReader(limits.packetBytes);
  const pace = pacer(limits);
  let holding: NodeJS.Timeout | undefined;
  let isWanted = false;
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
    /** @throws {BrokerError} `malformed` */
    take: (chunk: Uint8Array) => {
      const milliseconds = pace(frames.take(chunk), chunk.length);
      if (milliseconds >= 1 && holding === undefined) hold(milliseconds);
    },
    stop: () => clearTimeout(holding),
  };
};

type Written = (error?: Error | null) => void;

/** Wraps a client's socket so that limits hold before a broker buffers what comes. */
export const guardedStream = (socket: Duplex, limits: TrafficLimits): Duplex => {
  const inbound = intake(socket, limits);
  const send = (chunks: readonly Uint8Array[], done: Written) => {
    socket.cork();
    const isRoomLeft = chunks.map((chunk) => socket.write(chunk)).every(Boolean);
    socket.uncork();
    if (isRoomLeft) done();
    else socket.once('drain', () => done());
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
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Uint8Array) => {
    try {
      inbound.take(chunk);
    } catch (thrown) {
      stream.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
      return;
    }
    if (!stream.push(chunk)) inbound.pause();
  });
  socket.on('end', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  socket.on('close', () => stream.destroy());
  return withWholeReads(stream);
};
