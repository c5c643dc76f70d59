import { RestError } from '../../../services/errors.ts';
import type { RestTarget } from '../../../services/rest.ts';
import { bodyChunks, dropBody, parseJson, readBody } from './body.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { requestFile, sendRequest, type RestRequest } from './request.ts';
import { malformed } from './responses.ts';

/** Target, fetch, time limit and abort signal of a request. */
export interface RequestContext {
  readonly fetcher: typeof fetch | undefined;
  readonly timeoutMs: number;
  readonly target: RestTarget;
  readonly signal: AbortSignal | undefined;
}

/** A request's name in messages: method and path, without query or headers. */
const nameOf = ({ method, path }: RestRequest): string => `${method} ${path.split('?')[0]}`;

/** Sends a request and reads its answer within one deadline. */
const exchange = async <T>(
  { fetcher, timeoutMs, target, signal }: RequestContext,
  request: RestRequest,
  read: (response: Response, what: string, limit: Deadline) => Promise<T>,
): Promise<T> => {
  const what = nameOf(request);
  const limit = createDeadline(what, timeoutMs, signal);
  try {
    return await read(await sendRequest(fetcher, target, request, what, limit), what, limit);
  } finally {
    limit.end();
  }
};

/** Gets a JSON document of at most `maxBytes` and converts it with `shape`. */
export const getJson = <T>(
  context: RequestContext,
  path: string,
  maxBytes: number,
  shape: (body: unknown, what: string) => T,
): Promise<T> =>
  exchange(context, { method: 'GET', path }, async (response, what, limit) =>
    shape(parseJson(await readBody(response, what, maxBytes, limit), what), what),
  );

/** Posts a JSON document and discards the answer. */
export const postJson = (context: RequestContext, path: string, json: unknown): Promise<void> =>
  exchange(context, { method: 'POST', path, json }, dropBody);

/** Refuses an answer that is no whole file, such as 204 or a part of one (206). @throws {RestError} `malformed` */
const checkWhole = async (response: Response, what: string): Promise<void> => {
  const { status } = response;
  if (status === 200) return;
  await dropBody(response);
  throw new RestError('malformed', `${what}: the answer has status ${status} and no whole file. Check the server.`, {
    status,
  });
};

/** Text and JSON mean an error page, whatever the status. */
const isArchive = ({ headers }: Response): boolean =>
  !/^(?:text\/|application\/json)/i.test(headers.get('content-type') ?? '');

async function* pacedChunks(response: Response, what: string, limit: Deadline): AsyncGenerator<Uint8Array> {
  try {
    limit.restart();
    for await (const chunk of bodyChunks(response, what, limit)) {
      limit.pause();
      yield chunk;
      limit.restart();
    }
  } finally {
    limit.end();
  }
}

/** Gets an archive; `timeoutMs` limits the headers, then each pause between chunks. */
export const getArchive = async (context: RequestContext, path: string): Promise<AsyncIterable<Uint8Array>> => {
  const { fetcher, timeoutMs, target, signal } = context;
  const request = { method: 'GET', path } as const;
  const what = nameOf(request);
  const limit = createDeadline(what, timeoutMs, signal);
  try {
    const response = await sendRequest(fetcher, target, request, what, limit);
    await checkWhole(response, what);
    if (!isArchive(response)) {
      await dropBody(response);
      throw malformed(what, 'an archive');
    }
    limit.pause();
    return pacedChunks(response, what, limit);
  } catch (error) {
    limit.end();
    throw error;
  }
};

async function* bounded(chunks: AsyncIterable<Uint8Array>, what: string, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) throw new RestError('tooLarge', `${what}: more than ${maxBytes} bytes. Allow more, or less.`);
    yield chunk;
  }
}

/** Gets a file; `timeoutMs` limits the headers, then each pause between chunks. */
export const getFile = async (
  { fetcher, timeoutMs, target, signal }: RequestContext,
  url: URL,
  maxBytes: number,
): Promise<AsyncIterable<Uint8Array>> => {
  const what = `GET ${url.host}${url.pathname}`;
  const limit = createDeadline(what, timeoutMs, signal);
  try {
    const response = await requestFile(fetcher, target, url, what, limit);
    await checkWhole(response, what);
    limit.pause();
    return bounded(pacedChunks(response, what, limit), what, maxBytes);
  } catch (error) {
    limit.end();
    throw error;
  }
};
