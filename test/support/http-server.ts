import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came over the wire. */
interface SeenRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (request: SeenRequest, response: http.ServerResponse) => void;

export interface HttpServer {
  readonly origin: string;
  readonly requests: readonly SeenRequest[];
  /** How many connections are open. */
  connections(): Promise<number>;
  stop(): Promise<void>;
}

const bodyOf = async (request: http.IncomingMessage): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
};

/** An HTTP server on loopback that keeps each request and answers as it is told. @param port @defaultValue a free one */
export const startHttpServer = async (answer: Answer, port = 0): Promise<HttpServer> => {
  const requests: SeenRequest[] = [];
  const server = http.createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const seen = { method, url, headers, body };
      requests.push(seen);
      return answer(seen, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => new Promise((resolve, reject) => server.getConnections((e, n) => (e ? reject(e) : resolve(n)))),
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};

/** Answers with a JSON document. */
export const sendJson = (response: http.ServerResponse, body: unknown, status = 200): void => {
  const text = JSON.stringify(body);
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
};
