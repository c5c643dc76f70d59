import type { WebSocket } from 'ws';
import { createCursor } from '../ring.ts';
import type { Source, SourceLink, Sources } from '../server/sources.ts';
import type { Answer } from '../wire.ts';
import { statelyEventIn, type StatelyEvent } from './events.ts';
import { StatelyApp } from './inbound.ts';
import { StatelyUnit } from './outbound.ts';

/** Who has sent nothing for so long is a receiver, milliseconds. */
const receiverAfterMs = 250;
const readBytes = 256 * 1024;
/** Bytes that may be on their way to a receiver before it gets no more. */
const maxOnTheWay = 16 * 1024 * 1024;

/** Sends what units do to a receiver of `@statelyai/inspect`. */
class Receiver {
  readonly #socket: WebSocket;
  readonly #sources: Sources;
  readonly #following = new Map<string, () => StatelyEvent[]>();

  constructor(socket: WebSocket, sources: Sources) {
    this.#socket = socket;
    this.#sources = sources;
    this.pump();
  }

  /** Sends what is new. One that doesn't read loses the connection: it would not know what it lost. */
  pump(): void {
    for (const source of this.#sources.all()) {
      for (const event of this.#newsOf(source)) this.#socket.send(JSON.stringify(event));
    }
    if (this.#socket.bufferedAmount > maxOnTheWay) this.#socket.terminate();
  }

  #newsOf(source: Source): StatelyEvent[] {
    const known = this.#following.get(source.id);
    if (known) return known();
    const unit = new StatelyUnit(source.id);
    const cursor = createCursor(source.ring);
    const read = (): StatelyEvent[] => {
      const events: StatelyEvent[] = [];
      for (let one = cursor.read(readBytes); one; one = cursor.read(readBytes)) {
        for (const line of one.lines) events.push(...unit.take(line));
      }
      return events;
    };
    this.#following.set(source.id, read);
    // What was before is past: it gets where everything stands.
    read();
    return unit.tell();
  }
}

export interface StatelyLinks {
  /** A WebSocket of `@statelyai/inspect`: of an app that shows itself, or of a receiver. */
  open(socket: WebSocket): void;
  /** Lines were added. */
  wake(): void;
}

/** Speaks the messages of `@statelyai/inspect`, in both directions. */
export const createStatelyLinks = (sources: Sources, onAnswer: (answer: Answer) => void): StatelyLinks => {
  const receivers = new Set<Receiver>();
  let connections = 0;

  /** Shows an app as a source of its own. */
  const show = (socket: WebSocket, first: StatelyEvent) => {
    const beganMs = performance.now();
    const app = new StatelyApp(first, () => Math.round((performance.now() - beganMs) * 10) / 10);
    connections += 1;
    const origin = { recording: `stately-${connections}` };
    const link: SourceLink | undefined = sources.connect(app.name, origin, ([, number]) =>
      onAnswer(['did', number, 'An app of XState takes no requests.']),
    );
    if (!link) return socket.close(1013, 'Enough units are shown already.');
    const take = (event: StatelyEvent) => link.receive(link.wanted(), 0, app.take(event));
    take(first);
    socket.on('message', (data: Buffer) => {
      const event = statelyEventIn(data.toString());
      if (event) take(event);
    });
    socket.once('close', () => link.end('The link to the app has ended.'));
    return undefined;
  };

  return {
    open: (socket) => {
      let receiver: Receiver | undefined;
      const timer = setTimeout(() => {
        receiver = new Receiver(socket, sources);
        receivers.add(receiver);
      }, receiverAfterMs).unref();
      const leave = () => {
        clearTimeout(timer);
        if (receiver) receivers.delete(receiver);
      };
      const begin = (data: Buffer) => {
        const event = statelyEventIn(data.toString());
        if (!event) return;
        socket.off('message', begin);
        leave();
        show(socket, event);
      };
      socket.on('message', begin);
      socket.once('close', leave);
    },
    wake: () => {
      for (const receiver of receivers) receiver.pump();
    },
  };
};
