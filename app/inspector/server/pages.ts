import type { WebSocket } from 'ws';
import { foreignJson } from '../foreign-json.ts';
import { createCursor, type Cursor } from '../ring.ts';
import type { Sources } from './sources.ts';
import { frameOf, wireVersion, type Answer, type Request } from '../wire.ts';

/** Most pages that are open at once. */
export const maxPages = 4;

/** Lines are collected for so long, milliseconds. */
const batchMs = 50;
/** Bytes of one message. */
const batchBytes = 64 * 1024;
/** Bytes that may be on their way to a page before the rest waits in the rings. */
const maxOnTheWay = 1024 * 1024;

export interface PagesParts {
  readonly sources: Sources;
  readonly isControlled: boolean;
  /** Version of this package. */
  readonly version: string;
  /** Whether there is an engine that lays charts out. */
  readonly canLayOut: boolean;
}

interface Page {
  readonly socket: WebSocket;
  readonly cursors: Map<string, Cursor>;
}

const isRequest = (given: unknown): given is Request =>
  Array.isArray(given) &&
  given[0] === 'do' &&
  typeof given[1] === 'number' &&
  typeof given[2] === 'string' &&
  typeof given[3] === 'object' &&
  given[3] !== null;

/** Sends a page what it has not got yet. What does not fit on the way waits in the rings. */
const pump = (page: Page, sources: Sources): void => {
  const { socket, cursors } = page;
  for (const { id, ring } of sources.all()) {
    const cursor = cursors.get(id) ?? createCursor(ring);
    cursors.set(id, cursor);
    while (socket.readyState === socket.OPEN) {
      if (socket.bufferedAmount >= maxOnTheWay) return;
      const read = cursor.read(batchBytes);
      if (!read) break;
      socket.send(frameOf(id, read), () => pump(page, sources));
    }
  }
};

const answer = (socket: WebSocket, id: number, error: string | null) => {
  const line: Answer = ['did', id, error];
  socket.send(JSON.stringify(line));
};

/** Passes requests of pages on to units, and the answers back. */
const createRequests = ({ sources, isControlled }: PagesParts) => {
  /** Pages that wait for an answer, by the number under which the unit has the request. */
  const asking = new Map<number, { readonly socket: WebSocket; readonly id: number }>();
  let last = 0;
  return {
    pass: (socket: WebSocket, [kind, id, source, what]: Request) => {
      if (!isControlled) return answer(socket, id, 'This inspector only shows. Start it with --control.');
      last += 1;
      asking.set(last, { socket, id });
      if (sources.ask([kind, last, source, what])) return undefined;
      asking.delete(last);
      return answer(socket, id, 'The unit is not there.');
    },
    answered: ([, number, error]: Answer) => {
      const asked = asking.get(number);
      asking.delete(number);
      if (asked) answer(asked.socket, asked.id, error);
    },
  };
};

/** Shows the sources to pages: what is there first, then what comes. A page that is slow loses what falls out of the rings. */
export const createPages = (parts: PagesParts) => {
  const { sources, isControlled, version, canLayOut } = parts;
  const pages = new Set<Page>();
  const requests = createRequests(parts);
  let timer: NodeJS.Timeout | undefined;
  return {
    /** Opens a page; one too many is told so. */
    open: (socket: WebSocket) => {
      const isFull = pages.size >= maxPages;
      const refused = `${maxPages} pages are open already. Close one of them.`;
      const { recording } = sources;
      const about = { v: wireVersion, isControlled, version, canLayOut, recording, ...(isFull && { refused }) };
      socket.send(JSON.stringify(['hello', about]));
      if (isFull) return socket.close(1013, refused);
      const page: Page = { socket, cursors: new Map() };
      pages.add(page);
      socket.on('message', (data: Buffer) => {
        const request = foreignJson(data.toString());
        if (isRequest(request)) requests.pass(socket, request);
      });
      socket.once('close', () => pages.delete(page));
      return pump(page, sources);
    },
    /** Lines were added. */
    wake: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        for (const page of pages) pump(page, sources);
      }, batchMs).unref();
    },
    /** A unit has answered. */
    answered: requests.answered,
  };
};
