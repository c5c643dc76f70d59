import { createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { notAnArchive, noting, type Decompress, type SourceFailure } from '../../shared/archive/decompress.ts';

/** Large chunks: each costs a turn of the thread pool. */
const options = { chunkSize: 128 * 1024 };

const unpackers = { deflate: createInflate, gzip: createGunzip, 'deflate-raw': createInflateRaw };

type Unpacker = ReturnType<(typeof unpackers)[keyof typeof unpackers]>;

/** Waits until the unpacker takes more or has ended; after its end it emits no `drain`. */
const roomIn = (unpacker: Unpacker): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      unpacker.off('drain', go).off('end', go).off('close', go);
      resolve();
    };
    unpacker.on('drain', go).on('end', go).on('close', go);
  });

/** Never rejects: the unpacker's reader gets every failure. @returns Bytes of the source. */
const feed = async (unpacker: Unpacker, source: AsyncIterable<Uint8Array>): Promise<number> => {
  let fed = 0;
  try {
    for await (const chunk of source) {
      fed += chunk.length;
      if (unpacker.destroyed || unpacker.readableEnded) return fed;
      if (!unpacker.write(chunk)) await roomIn(unpacker);
    }
    unpacker.end();
  } catch (cause) {
    unpacker.destroy(cause as Error);
  }
  return fed;
};

/** Unpacks with zlib, which is faster than the platform's streams. */
export const zlibDecompress: Decompress = async function* (format, source) {
  const failure: SourceFailure = {};
  const unpacker = unpackers[format](options);
  const fed = feed(unpacker, noting(source, failure));
  try {
    yield* unpacker as AsyncIterable<Uint8Array>;
    if ((await fed) !== unpacker.bytesWritten) throw new Error('Something follows the end of the packed stream');
  } catch (cause) {
    throw failure.cause ?? notAnArchive(cause);
  } finally {
    unpacker.destroy();
    await fed;
  }
};
