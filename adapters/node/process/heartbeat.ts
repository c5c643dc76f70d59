import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isMainThread } from 'node:worker_threads';
import { hasPipe, heartbeatVariable, isSupervised, pipeDescriptor } from './contract.ts';

/** A beat; the judgement begins with the first. */
const beat = '.';
/** The unit has stopped and beats no more: it is not judged until the next beat. */
const rest = '-';
/** Beats that may be missed. */
const maxMissed = 2;

const noop = (): void => undefined;

interface Channel {
  readonly everyMs: number;
  readonly socket: Socket;
}

/**
 * Takes the pipe that the supervisor gave to this process alone: programs that it starts or becomes must not see it. Nor
 * must worker threads: one that ends would close the descriptor for all, and its next owner would get the beats.
 */
const takeChannel = (): Channel | undefined => {
  if (!isMainThread) return undefined;
  const { [heartbeatVariable]: text } = process.env;
  delete process.env[heartbeatVariable];
  const everyMs = Number(text ?? 0);
  if (!(everyMs > 0) || !isSupervised() || !hasPipe()) return undefined;
  const socket = new Socket({ fd: pipeDescriptor, readable: false, writable: true });
  // A supervisor that is gone takes no more beats; `watchParent` notices it.
  socket.on('error', noop).unref();
  return { everyMs, socket };
};

let taken: { readonly channel: Channel | undefined } | undefined;

const inspectOption = /(^|\s)--inspect/;

const inspectorUrl = (): string | undefined => {
  try {
    return process.getBuiltinModule('node:inspector').url();
  } catch {
    // This Node has no inspector.
    return undefined;
  }
};

/** Whether a debugger may hold this program. */
const isDebugged = (): boolean =>
  process.execArgv.some((option) => inspectOption.test(option)) ||
  inspectOption.test(process.env['NODE_OPTIONS'] ?? '') ||
  inspectorUrl() !== undefined;

/** Shows the supervisor, if there is one that looks, that the event loop runs. @returns Ends that. */
export const startBeating = (): (() => void) => {
  taken ??= { channel: takeChannel() };
  const { channel } = taken;
  if (!channel) return noop;
  const { everyMs, socket } = channel;
  /** A supervisor that was halted reads nothing: then one sign waits, and no more. */
  const send = (sign: string) => {
    if (socket.writable && socket.writableLength === 0) socket.write(sign);
  };
  const turn = () => send(isDebugged() ? rest : beat);
  turn();
  const timer = setInterval(turn, everyMs).unref();
  return () => {
    clearInterval(timer);
    send(rest);
  };
};

/**
 * Watches a unit's beats, from the first one on.
 *
 * Beats are counted by turns of this process, so that no clock decides: a turn that comes late, since host or process were
 * halted, does not count.
 *
 * @param onHang Called once, when two beats in a row are missing.
 * @returns Ends the watch.
 */
export const watchBeats = (beats: Readable, everyMs: number, onHang: () => void): (() => void) => {
  let isJudged = false;
  let isHeard = false;
  let missed = 0;
  let lastTurnMs = performance.now();
  const judge = () => {
    if (isHeard || !isJudged) missed = 0;
    else missed += 1;
    isHeard = false;
    if (missed < maxMissed) return;
    end();
    onHang();
  };
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const isLate = nowMs - lastTurnMs > 1.5 * everyMs;
    lastTurnMs = nowMs;
    // What has arrived is read first.
    if (!isLate) setImmediate(judge);
  }, everyMs);
  const end = () => {
    isJudged = false;
    clearInterval(timer);
    beats.destroy();
  };
  beats.on('data', (signs: Buffer) => {
    isJudged = !signs.toString('latin1').endsWith(rest);
    isHeard = true;
  });
  // A program that closed the pipe, such as one that became another, is not judged any more.
  beats.on('error', end).on('end', end);
  return end;
};
