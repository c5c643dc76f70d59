/**
 * Runs a writer over a source; when the source is what fails, its own error is thrown and not the writer's.
 *
 * @param write Gets the source's chunks.
 */
export const writeFrom = async <T>(
  source: AsyncIterable<Uint8Array>,
  write: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> => {
  let failed: { readonly thrown: unknown } | undefined;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (thrown) {
      failed = { thrown };
      throw thrown;
    }
  }
  try {
    return await write(watched());
  } catch (thrown) {
    throw failed ? failed.thrown : thrown;
  }
};
