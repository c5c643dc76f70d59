import type { Duplex } from 'node:stream';

/**
 * Lets `read()` give everything that is buffered, as it did before Node 26.
 *
 * The broker library reads once for each `readable` event, and would stall on a packet that came in pieces.
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
