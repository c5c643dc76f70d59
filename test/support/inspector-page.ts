import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Answer, WireLine } from '../../app/inspector/wire.ts';
import { until } from './until.ts';

/** What a page of the inspector gets. */
export interface OpenPage extends AsyncDisposable {
  readonly hello: Readonly<Record<string, unknown>>;
  /** Every message after the first, as it came. */
  readonly frames: readonly string[];
  /** Every line, without those that say whose they are. */
  readonly lines: readonly string[];
  readonly answers: readonly Answer[];
  /** How many lines were dropped before they came. */
  readonly lost: number;
  send(line: readonly unknown[]): void;
  /** Reads no more from its connection. */
  pause(): void;
  resume(): void;
  until(isSo: () => boolean): Promise<void>;
}

/** Opens a page of an inspector, without a browser. */
export const openPage = async (url: string): Promise<OpenPage> => {
  const socket = new WebSocket(new URL('page', url.replace('http:', 'ws:')));
  let hello: Record<string, unknown> | undefined;
  const frames: string[] = [];
  const lines: string[] = [];
  const answers: Answer[] = [];
  let lost = 0;
  const take = (text: string) => {
    const line = JSON.parse(text) as WireLine | Answer;
    if (line[0] === 'did') answers.push(line);
    else if (line[0] === '#') lost += line[3];
    else lines.push(text);
  };
  socket.on('message', (data: Buffer) => {
    const frame = data.toString();
    if (!hello) {
      [, hello] = JSON.parse(frame) as [string, Record<string, unknown>];
      return;
    }
    frames.push(frame);
    frame.split('\n').forEach(take);
  });
  await once(socket, 'open');
  return {
    hello: await until(() => hello),
    frames,
    lines,
    answers,
    get lost() {
      return lost;
    },
    send: (line) => socket.send(JSON.stringify(line)),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    until: async (isSo) => void (await until(isSo)),
    [Symbol.asyncDispose]: async () => {
      const isClosed = socket.readyState === WebSocket.CLOSED;
      const closed = isClosed ? undefined : once(socket, 'close');
      socket.terminate();
      await closed;
    },
  };
};
