import { once } from 'node:events';
import { WebSocket } from 'ws';
import { ClientError } from '../../../services/errors.ts';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import type { SourceLink, Sources } from './sources.ts';
import { foreignJson } from '../foreign-json.ts';
import { answerIn, lineIn } from '../replay/shapes.ts';
import { wireVersion, type Answer, type Request } from '../wire.ts';

export interface FollowOptions {
  /** Address that the other inspector has printed. */
  readonly url: string;
  readonly sources: Sources;
  /** Gets the answers of units. */
  readonly onAnswer: (answer: Answer) => void;
}

const retryMs = 1000;
const openWithinMs = 10_000;

/** Takes the frames of another inspector. Those that came before, over an earlier connection, are passed over. */
const createReceiver = ({ url, sources, onAnswer }: FollowOptions, socket: WebSocket) => {
  const links = new Map<string, SourceLink>();
  const ask = (request: Request) => socket.send(JSON.stringify(request));
  const linkOf = (id: string): SourceLink | undefined => {
    const link = links.get(id) ?? sources.connect(id, { recording: url }, ask);
    if (link) links.set(id, link);
    return link;
  };
  return {
    receive: (text: string) => {
      const [head = '', ...lines] = text.split('\n');
      const line = lineIn(head);
      const answer = line ? undefined : answerIn(head);
      if (answer) return onAnswer(answer);
      if (line?.[0] !== '#') return undefined;
      const [, id, first, lost] = line;
      const link = linkOf(id);
      const known = Math.max(0, (link?.wanted() ?? 0) - first);
      if (known < lines.length) link?.receive(first + known, known > 0 ? 0 : lost, lines.slice(known));
      return undefined;
    },
    end: () => {
      for (const link of links.values()) link.end('The link to the other inspector has ended.');
    },
  };
};

/** What an inspector says of itself first; `undefined` from what is none. */
const aboutIn = (text: string): JsonObject | undefined => {
  const hello = foreignJson(text);
  return Array.isArray(hello) && hello[0] === 'hello' && isJsonObject(hello[1]) ? hello[1] : undefined;
};

/** Why an inspector can't be shown; `undefined` if it can. */
const refusalIn = (about: JsonObject | undefined): string | undefined => {
  if (!about) return 'What answers there is no inspector.';
  if (typeof about['refused'] === 'string') return about['refused'];
  return about['v'] === wireVersion ? undefined : 'It is of another version. Use the same version on both ends.';
};

const advice = 'Give the whole address that it has printed, and the same port on both ends of a tunnel.';

/** What an inspector says first. @throws {ClientError} Nobody does. */
const greetingOf = async (socket: WebSocket, url: string): Promise<string> => {
  try {
    const [data] = (await once(socket, 'message', { signal: AbortSignal.timeout(openWithinMs) })) as [Buffer];
    return data.toString();
  } catch (cause) {
    socket.terminate();
    throw new ClientError('invalid', `No inspector answers at ${url}. ${advice}`, { cause });
  }
};

/** Opens the connection, as a page does, and takes what comes. @throws {ClientError} */
const open = async (options: FollowOptions, onEnd: () => void): Promise<WebSocket> => {
  const { url, sources } = options;
  const socket = new WebSocket(new URL('page', url.replace(/^http/, 'ws')), { handshakeTimeout: openWithinMs });
  const receiver = createReceiver(options, socket);
  socket.on('error', () => socket.terminate());
  socket.on('message', (data: Buffer) => receiver.receive(data.toString()));
  const about = aboutIn(await greetingOf(socket, url));
  const refusal = refusalIn(about);
  if (refusal !== undefined) {
    socket.terminate();
    throw new ClientError('failed', `The inspector at ${url} can't be shown. ${refusal}`);
  }
  if (typeof about?.['recording'] === 'string') sources.showRecording(about['recording']);
  socket.once('close', () => {
    receiver.end();
    onEnd();
  });
  return socket;
};

/**
 * Shows here what another inspector shows; a connection that ends is made again.
 *
 * @returns Ends that.
 * @throws {ClientError} Nobody answers at first.
 */
export const followInspector = async (options: FollowOptions): Promise<() => void> => {
  let isOver = false;
  const follow = async () => {
    socket = await open(options, retry);
  };
  const retry = () => {
    if (!isOver) setTimeout(() => void follow().catch(retry), retryMs).unref();
  };
  let socket = await open(options, retry);
  return () => {
    isOver = true;
    socket.terminate();
  };
};
