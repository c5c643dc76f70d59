import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { ClientError } from '../../../services/errors.ts';
import { createAccess, createToken, type Asked } from './access.ts';
import { createPages } from './pages.ts';
import { createCursor, type RingLimits } from '../ring.ts';
import { createStatelyLinks, type StatelyLinks } from '../stately/link.ts';
import { createSources, maxSources, type Source, type Sources } from './sources.ts';
import { answerIn, lineIn } from '../replay/shapes.ts';
import { frameOf, type Answer } from '../wire.ts';

export interface InspectorOptions {
  /** @defaultValue a free one */
  readonly port?: number;
  /** Secret part of the address. @defaultValue a random one */
  readonly token?: string;
  /** Whether pages may send events, messages and commands. @defaultValue false */
  readonly isControlled?: boolean;
  /** Folder with the page: `index.html`, `page.js` and `page.css`. */
  readonly pageFolder: string;
  /** Version of this package. */
  readonly version: string;
  /** The file of elkjs that works in the page, to lay out the charts of others. @defaultValue none: they are boxes in boxes */
  readonly layoutEngine?: string | undefined;
  readonly limits?: RingLimits;
}

/** A running inspector. */
export interface Inspector extends AsyncDisposable {
  /** Its address, with the token. */
  readonly url: string;
  readonly sources: Sources;
  /** Passes the answer of a unit on to the page that has asked. */
  readonly onAnswer: (answer: Answer) => void;
  stop(): Promise<void>;
}

const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

interface PageFile {
  readonly file: string;
  readonly type: string;
}

/** The page's files, by their paths. */
const filesOf = ({ pageFolder, layoutEngine }: InspectorOptions): Readonly<Record<string, PageFile>> => {
  const script = 'text/javascript; charset=utf-8';
  return {
    '': { file: join(pageFolder, 'index.html'), type: 'text/html; charset=utf-8' },
    'page.js': { file: join(pageFolder, 'page.js'), type: script },
    'page.css': { file: join(pageFolder, 'page.css'), type: 'text/css; charset=utf-8' },
    ...(layoutEngine !== undefined && { 'elk.js': { file: layoutEngine, type: script } }),
  };
};

/** Longest message of a unit or a page, bytes. */
const maxMessage = 4 * 1024 * 1024;
const chunkBytes = 256 * 1024;

/** The lines of sources, as a file has them. */
function* savedLines(sources: Iterable<Source>): Generator<string> {
  for (const { id, ring } of sources) {
    const cursor = createCursor(ring);
    for (let read = cursor.read(chunkBytes); read; read = cursor.read(chunkBytes)) yield `${frameOf(id, read)}\n`;
  }
}

const end = (response: ServerResponse, status: number, text: string, more: Record<string, string> = {}) => {
  response.writeHead(status, { ...headers, 'content-type': 'text/plain; charset=utf-8', ...more });
  response.end(text);
};

const texts: Readonly<Record<number, string>> = {
  403: 'Forbidden: this address is for pages of this machine that the inspector itself has served.\n',
  404: 'Not found. Open the whole address that the inspector has printed.\n',
};

const refuseUpgrade = (socket: Duplex, status: number, text: string) => {
  socket.end(`HTTP/1.1 ${status} ${text}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
};

/** Takes the lines of a unit. */
const receiveUnit = (socket: WebSocket, { query }: Asked, sources: Sources, onAnswer: (answer: Answer) => void) => {
  const origin = { recording: query.get('recording') ?? '', follows: query.get('follows') ?? undefined };
  const link = sources.connect(query.get('source') ?? 'unit', origin, (request) =>
    socket.send(JSON.stringify(request)),
  );
  if (!link) return socket.close(1013, `${maxSources} units are shown already.`);
  const receive = (text: string) => {
    const [head = '', ...lines] = text.split('\n');
    const line = lineIn(head);
    if (line?.[0] === '#') return link.receive(line[2], line[3], lines);
    const answer = answerIn(head);
    return answer ? onAnswer(answer) : socket.close(1007, 'These are no lines of a recording.');
  };
  socket.on('message', (data: Buffer) => receive(data.toString()));
  socket.once('close', () => link.end('The link to the unit has ended.'));
  socket.send(JSON.stringify(['from', link.wanted()]));
  return undefined;
};

/** Serves the page's files and recordings. */
const createPageServer = (options: InspectorOptions, sources: Sources) => {
  const files = filesOf(options);
  const save = (response: ServerResponse, id: string | null) => {
    const source = id === null ? undefined : sources.get(id);
    if (id !== null && !source) return end(response, 404, `There is no unit "${id}".\n`);
    response.writeHead(200, {
      ...headers,
      'content-type': 'application/x-ndjson; charset=utf-8',
      'content-disposition': 'attachment; filename="recording.ndjson"',
    });
    return Readable.from(savedLines(source ? [source] : sources.all())).pipe(response);
  };
  return async ({ method }: IncomingMessage, response: ServerResponse, { path, query }: Asked) => {
    if (method !== 'GET' && method !== 'HEAD') return end(response, 405, 'GET only.\n', { allow: 'GET, HEAD' });
    if (path === 'recording.ndjson') return save(response, query.get('source'));
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    if (!file) return end(response, 404, texts[404] ?? '');
    const body = await readFile(file.file).catch(() => undefined);
    if (!body) return end(response, 404, `${basename(file.file)} is not there: the page has not been built.\n`);
    response.writeHead(200, { ...headers, 'content-type': file.type });
    return response.end(body);
  };
};

/**
 * Starts an inspector: on loopback alone, behind a random token.
 *
 * @throws {ClientError} The port is taken.
 */
export const startInspector = async (options: InspectorOptions): Promise<Inspector> => {
  const { port = 0, isControlled = false, token = createToken(), version, limits, layoutEngine } = options;
  const onChange = () => {
    pages.wake();
    stately.wake();
  };
  const sources: Sources = createSources({ limits, onChange });
  const pages = createPages({ sources, isControlled, version, canLayOut: layoutEngine !== undefined });
  const stately: StatelyLinks = createStatelyLinks(sources, pages.answered);
  const servePage = createPageServer(options, sources);
  const http = createServer((request, response) => {
    const asked = access.check(request);
    if (typeof asked === 'number') return end(response, asked, texts[asked] ?? '');
    servePage(request, response, asked).catch(() => response.destroy());
    return undefined;
  });
  const access = createAccess(token, () => (http.address() as AddressInfo).port);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessage, perMessageDeflate: false });
  const kinds: Readonly<Record<string, (socket: WebSocket, asked: Asked) => void>> = {
    unit: (socket, asked) => receiveUnit(socket, asked, sources, pages.answered),
    page: (socket) => pages.open(socket),
    stately: (socket) => stately.open(socket),
  };
  http.on('upgrade', (request, socket, head) => {
    // It closes then; Node leaves that to whoever takes the upgrade.
    socket.on('error', () => undefined);
    const asked = access.check(request);
    if (typeof asked === 'number') return refuseUpgrade(socket, asked, asked === 403 ? 'Forbidden' : 'Not Found');
    const isTaken = Object.hasOwn(kinds, asked.path) && (asked.path === 'page' || sources.recording === undefined);
    const take = isTaken ? kinds[asked.path] : undefined;
    if (!take) return refuseUpgrade(socket, 404, 'Not Found');
    return sockets.handleUpgrade(request, socket, head, (opened) => {
      // It closes then.
      opened.on('error', () => undefined);
      take(opened, asked);
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE';
      const message = `Port ${port} of 127.0.0.1 is taken. Name another one, or none for a free one.`;
      reject(isTaken ? new ClientError('failed', message, { cause }) : cause);
    });
    http.listen(port, '127.0.0.1', resolve);
  });
  const stop = async () => {
    for (const socket of sockets.clients) socket.terminate();
    const closed = new Promise((resolve) => http.close(resolve));
    http.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/${token}/`,
    sources,
    onAnswer: pages.answered,
    stop,
    [Symbol.asyncDispose]: stop,
  };
};
