import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { startHttpServer, type HttpServer } from './http-server.ts';

/** How a server gives a program; may be changed between requests. */
export interface ProgramServing {
  body: Uint8Array;
  /** @defaultValue `"v1"` */
  etag: string | undefined;
  lastModified: string | undefined;
  /** Whether parts are given. @defaultValue true */
  ranges: boolean;
  /** Cuts the connection after so many bytes of an answer. */
  cutAfter: number | undefined;
  /** Waits so long after each 64 KiB. */
  pauseMs: number;
  /** More headers of each answer. */
  headers: OutgoingHttpHeaders;
  /** Other files, by path. */
  files: Record<string, string>;
}

export interface ProgramServer extends HttpServer {
  readonly serving: ProgramServing;
}

const chunkBytes = 64 * 1024;

const send = async (response: ServerResponse, body: Uint8Array, serving: ProgramServing): Promise<void> => {
  const upTo = Math.min(body.length, serving.cutAfter ?? body.length);
  for (let at = 0; at < upTo && !response.destroyed; at += chunkBytes) {
    await new Promise<void>((resolve) =>
      response.write(body.subarray(at, Math.min(upTo, at + chunkBytes)), () => resolve()),
    );
    if (serving.pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, serving.pauseMs));
  }
  if (upTo < body.length) response.destroy();
  else response.end();
};

/** A host of firmware as the big ones are: parts by Range and If-Range, an ETag, and faults where they are asked for. */
export const startProgramServer = async (
  body: Uint8Array,
  changes: Partial<ProgramServing> = {},
): Promise<ProgramServer> => {
  const serving: ProgramServing = {
    body,
    etag: '"v1"',
    lastModified: undefined,
    ranges: true,
    cutAfter: undefined,
    pauseMs: 0,
    headers: {},
    files: {},
    ...changes,
  };
  const server = await startHttpServer(({ url, headers }, response) => {
    const file = serving.files[url];
    if (file !== undefined) return void response.writeHead(200).end(file);
    if (url.endsWith('.release.json')) return void response.writeHead(404).end();
    const { etag, lastModified, ranges } = serving;
    const validators = { ...(etag && { etag }), ...(lastModified && { 'last-modified': lastModified }) };
    const from = Number(/^bytes=(\d+)-$/.exec(String(headers.range))?.[1] ?? 0);
    const isSame = headers['if-range'] === (etag ?? lastModified);
    const all = { 'content-type': 'application/octet-stream', ...validators, ...serving.headers };
    if (!ranges || from === 0 || !isSame) {
      response.writeHead(200, { ...all, 'content-length': serving.body.length });
      return void send(response, serving.body, serving);
    }
    if (from >= serving.body.length) {
      return void response.writeHead(416, { 'content-range': `bytes */${serving.body.length}` }).end();
    }
    const part = serving.body.subarray(from);
    const range = `bytes ${from}-${serving.body.length - 1}/${serving.body.length}`;
    response.writeHead(206, { ...all, 'content-length': part.length, 'content-range': range });
    return void send(response, part, serving);
  });
  return { ...server, serving };
};
