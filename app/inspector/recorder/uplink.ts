import { connect } from 'node:net';
import type { WebSocket } from 'ws';
import { createCursor, type Cursor, type Ring } from '../ring.ts';
import { frameOf } from '../wire.ts';

/** Lines are collected for so long, milliseconds. */
const batchMs = 50;
/** Bytes of one message. */
export const batchBytes = 64 * 1024;
/** Bytes that may be on their way before the ring keeps the rest. */
const maxOnTheWay = 256 * 1024;
const firstDelayMs = 250;
const maxDelayMs = 5_000;
/** Time limit of a connection's beginning, milliseconds. */
const openWithinMs = 10_000;

export interface UplinkOptions {
  /** Address of the inspector. */
  readonly url: string;
  readonly ring: Ring;
  /** Name of the source, and of this process's recording of it. */
  readonly source: string;
  readonly recording: string;
  /** What the name of a recording begins with that this one goes on with. */
  readonly follows: string;
  /** Called once with what failed, if it fails before the inspector has ever answered. */
  readonly onUnanswered: (error: Error) => void;
  /** Gets what the inspector asks for. */
  readonly onRequest: (line: string) => void;
}

/** Brings a recording to an inspector. Never waits, never throws, and keeps no process alive. */
export interface Uplink {
  /** Lines were added. */
  wake(): void;
  /** Sends what is there at once. */
  flush(): void;
  answer(line: string): void;
  stop(): void;
}

const addressOf = ({ url, source, recording, follows }: UplinkOptions): string => {
  const address = new URL('unit', url);
  address.protocol = 'ws:';
  address.search = String(new URLSearchParams({ source, recording, follows }));
  return address.href;
};

const open = async (options: UplinkOptions): Promise<WebSocket> => {
  const { WebSocket: Socket } = await import('ws');
  return new Socket(addressOf(options), {
    handshakeTimeout: openWithinMs,
    perMessageDeflate: false,
    createConnection: (to: { host?: string; port?: number | string }) =>
      connect({ host: to.host ?? '127.0.0.1', port: Number(to.port) }).unref(),
  } as ConstructorParameters<typeof Socket>[2]);
};

/** Sends a ring over one connection after the other. */
const createSender = ({ ring, source }: UplinkOptions) => {
  let socket: WebSocket | undefined;
  /** What is sent next; `undefined` before the inspector has said what it has. */
  let cursor: Cursor | undefined;
  let timer: NodeJS.Timeout | undefined;
  const readNext = () => {
    if (!socket || socket.bufferedAmount >= maxOnTheWay) return undefined;
    return cursor?.read(batchBytes);
  };
  const pump = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (let read = readNext(); read; read = readNext()) socket?.send(frameOf(source, read), pump);
  };
  return {
    pump,
    begin: (opened: WebSocket, wanted: number) => {
      socket = opened;
      cursor = createCursor(ring, wanted);
      pump();
    },
    end: () => {
      socket = undefined;
      cursor = undefined;
      clearTimeout(timer);
      timer = undefined;
    },
    wake: () => {
      if (cursor) timer ??= setTimeout(pump, batchMs).unref();
    },
    answer: (line: string) => socket?.send(line),
  };
};

/** Creates the connection of a recording to an inspector; it is made again for ever. */
export const createUplink = (options: UplinkOptions): Uplink => {
  const sender = createSender(options);
  let socket: WebSocket | undefined;
  let delayMs = firstDelayMs;
  /** Whether the inspector has answered, or that it has not was told. */
  let isClear = false;
  let isStopped = false;

  const onMessage = (from: WebSocket, text: string) => {
    const [kind, wanted] = JSON.parse(text) as [string, number];
    if (kind === 'do') return options.onRequest(text);
    delayMs = firstDelayMs;
    isClear = true;
    return sender.begin(from, wanted);
  };
  const retry = () => {
    sender.end();
    socket = undefined;
    if (isStopped) return;
    setTimeout(start, delayMs).unref();
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  };
  const fail = (error: Error) => {
    if (!isClear && !isStopped) options.onUnanswered(error);
    isClear = true;
  };
  const follow = (opened: WebSocket) => {
    socket = opened;
    opened.on('message', (data: Buffer) => {
      try {
        onMessage(opened, data.toString());
      } catch (thrown) {
        fail(new Error('what it said is no line of an inspector', { cause: thrown }));
      }
    });
    opened.on('error', fail);
    opened.once('close', retry);
  };
  const start = (): void =>
    void open(options).then(follow, (error: Error) => {
      fail(error);
      retry();
    });
  start();

  return {
    wake: sender.wake,
    flush: sender.pump,
    answer: sender.answer,
    stop: () => {
      isStopped = true;
      sender.end();
      socket?.terminate();
    },
  };
};
