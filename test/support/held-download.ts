import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** An instance's REST API behind a slow link: an archive trickles until it is let go. */
export interface HeldDownload {
  /** `host:port` to be asked in place of the instance. */
  readonly domain: string;
  /** Archives that trickle now. */
  readonly held: () => number;
  /** Lets archives through, those under way and those to come. */
  release(): void;
  stop(): Promise<void>;
}

const trickleBytes = 64;
const trickleEveryMs = 10;

/** Puts a link in front of an instance that holds archives up; everything else passes at once. */
export const holdDownloads = async (httpUrl: string): Promise<HeldDownload> => {
  const gate = new AbortController();
  let held = 0;
  const trickle = async (body: Uint8Array, to: http.ServerResponse) => {
    held += 1;
    let at = 0;
    for (; !gate.signal.aborted && at < body.length - trickleBytes && !to.destroyed; at += trickleBytes) {
      to.write(body.subarray(at, at + trickleBytes));
      await new Promise((resolve) => setTimeout(resolve, trickleEveryMs));
    }
    held -= 1;
    to.end(body.subarray(at));
  };
  const server = http.createServer((request, response) => {
    void (async () => {
      const { host: _, connection: __, ...headers } = request.headers as Record<string, string>;
      const answer = await fetch(new URL(request.url ?? '', httpUrl), { headers });
      const body = new Uint8Array(await answer.arrayBuffer());
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      if (request.url?.includes('/firmware/')) await trickle(body, response);
      else response.end(body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    domain: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    held: () => held,
    release: () => gate.abort(),
    stop: async () => {
      gate.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
