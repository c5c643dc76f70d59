import { RestError } from '../../../services/errors.ts';
import type { Deadline } from './deadline.ts';

/** Size of the body by its headers, if it can be compared with the received bytes. */
const promisedBytes = ({ headers }: Response): number | undefined => {
  const length = headers.get('content-length');
  return length === null || headers.has('content-encoding') ? undefined : Number(length);
};

const cutShort = (what: string, options?: ErrorOptions) =>
  new RestError('malformed', `${what}: the answer was cut short. Try again later.`, options);

/**
 * Yields a body as a stream.
 *
 * The deadline runs only while the network is awaited, not while the caller works on a chunk.
 *
 * @throws {RestError} `malformed` if the body is cut short, `timeout`, `aborted`
 */
export async function* bodyChunks(response: Response, what: string, deadline: Deadline): AsyncGenerator<Uint8Array> {
  const promised = promisedBytes(response);
  const reader = response.body?.getReader();
  let got = 0;
  let isWhole = false;
  try {
    for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
      got += read.value.length;
      yield read.value;
    }
    isWhole = promised === undefined || promised === got;
    if (!isWhole) throw cutShort(what);
  } catch (cause) {
    throw deadline.explain(cause, () => cutShort(what, { cause }));
  } finally {
    if (!isWhole) await reader?.cancel().catch(() => undefined);
  }
}

/**
 * Reads a whole body into memory.
 *
 * @throws {RestError} `tooLarge` once it passes the limit, and the errors of {@link bodyChunks}
 */
export const readBody = async (
  response: Response,
  what: string,
  maxBytes: number,
  deadline: Deadline,
): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(response, what, deadline)) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new RestError('tooLarge', `${what}: the answer is larger than ${maxBytes} bytes. Check the instance.`);
    }
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
};

/** Discards a body. */
export const dropBody = async (response: Response): Promise<void> => {
  await response.body?.cancel().catch(() => undefined);
};

/**
 * Reads a body, or the text in one, as JSON.
 *
 * @throws {RestError} `malformed`, without the parser's own error, which would quote the body
 */
export const parseJson = (body: Uint8Array | string, what: string): unknown => {
  try {
    return JSON.parse(typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new RestError('malformed', `${what}: the answer is not JSON. Check the address of the instance.`);
  }
};
