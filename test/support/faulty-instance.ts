import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** How an answer goes wrong. */
export type Fault = (response: http.ServerResponse) => void;

/** An instance's REST API behind something that spoils answers. */
export interface FaultyInstance {
  /** `host:port` to be asked in place of the instance. */
  readonly domain: string;
  /** Spoils the next answers for paths with this text in them. */
  spoil(path: string, fault: Fault, answers?: number): void;
  /** How many requests for paths with this text came. */
  requests(path: string): number;
  stop(): Promise<void>;
}

/** Puts a server in front of an instance, which passes on what it is not told to spoil. */
export const startFaultyInstance = async (httpUrl: string): Promise<FaultyInstance> => {
  const seen: string[] = [];
  const faults: { path: string; fault: Fault; answers: number }[] = [];
  const forward = async ({ url = '', headers: given }: http.IncomingMessage, response: http.ServerResponse) => {
    const { host: _, connection: __, ...headers } = given as Record<string, string>;
    const answer = await fetch(new URL(url, httpUrl), { headers });
    const body = new Uint8Array(await answer.arrayBuffer());
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(body);
  };
  const server = http.createServer((request, response) => {
    const { url = '' } = request;
    seen.push(url);
    const spoiled = faults.find(({ path, answers }) => answers > 0 && url.includes(path));
    if (!spoiled) return void forward(request, response);
    spoiled.answers -= 1;
    spoiled.fault(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    domain: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    spoil: (path, fault, answers = 1) => void faults.push({ path, fault, answers }),
    requests: (path) => seen.filter((url) => url.includes(path)).length,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
