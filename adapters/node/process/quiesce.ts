import { Socket as DatagramSocket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import type { Session } from 'node:inspector';
import { Server, Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Where the inspector finds what this module lends it. */
const lendingPlace = '__pepeunitQuiesce';

const standardStreams = (): readonly unknown[] => [process.stdin, process.stdout, process.stderr];

const endTimer = (timer: unknown): void => clearTimeout(timer as NodeJS.Timeout);

/** Whether an object only stands for its kind; the inspector finds those too. */
const isPrototype = (object: unknown): boolean =>
  Object.hasOwn(object as object, 'constructor') && (object as object).constructor.prototype === object;

/** Closes what listens, talks or computes, without telling the program, which would only open it again. */
const endEmitter = (emitter: unknown): void => {
  if (isPrototype(emitter) || standardStreams().includes(emitter)) return;
  if (emitter instanceof Socket) {
    emitter.removeAllListeners().on('error', () => undefined);
    emitter.destroy();
  } else if (emitter instanceof Server || emitter instanceof DatagramSocket) {
    emitter.removeAllListeners().close();
  } else if (emitter instanceof Worker) {
    void emitter.removeAllListeners().terminate();
  }
};

const timerPrototype = (): unknown => {
  const timer = setTimeout(() => undefined, 0);
  clearTimeout(timer);
  return Object.getPrototypeOf(timer);
};

const ask = <T>(session: Session, method: string, parameters: object): T => {
  let answer: { readonly error: Error | null; readonly result: unknown } | undefined;
  session.post(method, parameters, (error, result) => {
    answer = { error, result };
  });
  if (!answer || answer.error) throw new Error(`The inspector refused ${method}`, { cause: answer?.error });
  return answer.result as T;
};

/** Calls `end` with each living object that has this prototype; one that was over already is passed over. */
const endAll = (session: Session, prototype: unknown, end: (object: unknown) => void): void => {
  const lent = {
    prototype,
    take: (objects: readonly unknown[]) => {
      for (const object of objects) {
        try {
          end(object);
        } catch {
          continue;
        }
      }
    },
  };
  Object.defineProperty(globalThis, lendingPlace, { value: lent, configurable: true });
  const { result } = ask<{ result: { objectId: string } }>(session, 'Runtime.evaluate', {
    expression: `${lendingPlace}.prototype`,
  });
  const { objects } = ask<{ objects: { objectId: string } }>(session, 'Runtime.queryObjects', {
    prototypeObjectId: result.objectId,
  });
  ask(session, 'Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: `function () { ${lendingPlace}.take(this); }`,
  });
  Reflect.deleteProperty(globalThis, lendingPlace);
};

/**
 * Ends what the program still does, as a replaced process would: timers, servers, sockets, workers and its handlers for
 * signals and endings. Standard streams stay open, and nothing listens to standard input any more.
 *
 * It asks V8's own inspector, in this process and without a port, which objects live; where Node was built
 * without one, timers and sockets of the program stay.
 */
export const quiesce = async (): Promise<void> => {
  for (const event of ['exit', 'beforeExit', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
    process.removeAllListeners(event);
  }
  process.on('uncaughtException', () => undefined);
  process.on('unhandledRejection', () => undefined);
  process.stdin.removeAllListeners('data').removeAllListeners('readable').pause();
  const inspector = await import('node:inspector').catch(() => undefined);
  if (!inspector) return;
  const session = new inspector.Session();
  session.connect();
  try {
    endAll(session, timerPrototype(), endTimer);
    endAll(session, EventEmitter.prototype, endEmitter);
  } finally {
    session.disconnect();
  }
};
