import { createReplay } from '../replay.ts';
import { wireVersion, type Answer, type Request } from '../wire.ts';
import { hasEngine } from './foreign-layouts.ts';
import { followLive, link, problem, reads, recording, replay, servedRecording, takesRequests } from './store.ts';

/** Longest wait before the page looks for the inspector again, and the first one. */
const retryAfter = { first: 500, most: 5_000 } as const;

/** Longest time between two looks at what was read, so that lists stay calm. */
const showEvery = 100;

let socket: WebSocket | undefined;
let retry = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let isShowing = false;

/** Shows what was read, a little later and once for all of it. */
const showSoon = (): void => {
  if (isShowing) return;
  isShowing = true;
  setTimeout(() => {
    isShowing = false;
    reads.value += 1;
  }, showEvery);
};

const answers = new Map<number, (error: string | null) => void>();
let lastRequest = 0;

/** What an inspector says of itself first. */
type Hello = readonly [
  kind: 'hello',
  about: {
    readonly v: number;
    readonly isControlled: boolean;
    readonly canLayOut?: boolean;
    /** Name of the recording that it shows. */
    readonly recording?: string;
    readonly refused?: string;
  },
];

const greet = ({ v, isControlled, canLayOut = false, recording: served = '', refused }: Hello[1]): void => {
  takesRequests.value = isControlled;
  hasEngine.value = canLayOut;
  servedRecording.value = served;
  recording.value = served;
  link.value = 'open';
  const isForeign = v !== wireVersion;
  problem.value = refused ?? (isForeign ? 'This page is of another version than its inspector. Load it again.' : '');
};

/** Takes what is from the inspector itself; `false` for lines of units. */
const takeOwn = (text: string): boolean => {
  if (text.startsWith('["#"')) return false;
  const line = JSON.parse(text) as Answer | Hello;
  if (line[0] === 'hello') greet(line[1]);
  else {
    answers.get(line[1])?.(line[2]);
    answers.delete(line[1]);
  }
  return true;
};

const open = (): void => {
  const address = new URL('page', location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  // Each link begins with the history.
  let reader = replay.value;
  const opened = new WebSocket(address);
  socket = opened;
  opened.addEventListener('open', () => {
    retry = 0;
    reader = createReplay();
    replay.value = reader;
  });
  opened.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (socket !== opened || typeof data !== 'string' || takeOwn(data)) return;
    reader.read(data);
    showSoon();
  });
  opened.addEventListener('close', () => {
    if (socket !== opened) return;
    link.value = 'away';
    for (const settle of answers.values()) settle('The link broke before the answer came.');
    answers.clear();
    timer = setTimeout(open, Math.min(retryAfter.most, retryAfter.first * 2 ** retry));
    retry += 1;
  });
};

/** Opens the link to the inspector that served this page, and again whenever it breaks. */
export const connect = (): void => {
  clearTimeout(timer);
  recording.value = '';
  link.value = 'connecting';
  followLive();
  open();
};

/** Shows a file instead of what comes live. */
export const openFile = async (file: File): Promise<void> => {
  const text = await file.text();
  const reader = createReplay();
  reader.read(text);
  if (reader.sources.size === 0) {
    problem.value = `${file.name} is no recording: its first line says of no unit.`;
    return;
  }
  clearTimeout(timer);
  const before = socket;
  socket = undefined;
  before?.close();
  problem.value = '';
  recording.value = file.name;
  link.value = 'none';
  replay.value = reader;
  reads.value += 1;
  followLive();
};

/** Asks a unit for something; resolves to what went wrong, or `null`. */
export const ask = (source: string, what: Request[3]): Promise<string | null> =>
  new Promise((resolve) => {
    lastRequest += 1;
    if (socket?.readyState !== WebSocket.OPEN) {
      resolve('The inspector is away.');
      return;
    }
    answers.set(lastRequest, resolve);
    socket.send(JSON.stringify(['do', lastRequest, source, what] satisfies Request));
  });
