import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Peer } from './peer.ts';

const project = join(import.meta.dirname, '../..');

/** After this without a result a subject counts as hung, milliseconds. */
const longestRunMs = 300_000;

/** Flags of Node for a subject that loads adapters from their sources. */
export const sourceFlags = ['--import', './test/lab/typescript.mjs'];

export interface SubjectRun {
  /** File among the subjects, without its ending. */
  readonly program: string;
  /** What it measures, and how; its only argument, as JSON. */
  readonly setup: Readonly<Record<string, unknown>>;
  readonly peer?: Peer;
  /** Flags of Node. */
  readonly flags?: readonly string[];
}

/** Which client a subject is. */
export type Subject = 'bare' | 'unit';

interface Message {
  readonly type: string;
  readonly order?: string;
}

/** Runs one client in a fresh process to its end, has the peer do what it asks for, and gives its result. */
export const runSubject = <T>({ program, setup, peer, flags = [] }: SubjectRun): Promise<T> =>
  new Promise((resolve, reject) => {
    const path = join(import.meta.dirname, `subjects/${program}.mjs`);
    const child = fork(path, [JSON.stringify(setup)], { execArgv: [...flags], cwd: project });
    const hung = setTimeout(() => child.kill('SIGKILL'), longestRunMs);
    let result: T | undefined;
    const answer = async ({ type, order }: Message) => {
      await peer?.obey(type, order);
      if (child.connected) child.send({ type });
    };
    child.on('message', (message: Message) => {
      if (message.type === 'result') result = message as T;
      else
        answer(message).catch((error: unknown) => {
          child.kill('SIGKILL');
          reject(error);
        });
    });
    child.once('exit', (code, signal) => {
      clearTimeout(hung);
      if (code === 0 && result) resolve(result);
      else reject(new Error(`${program} of ${JSON.stringify(setup)} ended with ${code ?? signal} and no result`));
    });
  });

/** One measurement of each client. */
export type Pair<T> = Readonly<Record<Subject, T>>;

/** Measures both clients by turns, the first one the other way round each time. */
export const runPairs = async <T>(pairs: number, measure: (subject: Subject) => Promise<T>): Promise<Pair<T>[]> => {
  const results: Pair<T>[] = [];
  for (let index = 0; index < pairs; index += 1) {
    if (index % 2 === 0) {
      const bare = await measure('bare');
      results.push({ bare, unit: await measure('unit') });
    } else {
      const unit = await measure('unit');
      results.push({ bare: await measure('bare'), unit });
    }
  }
  return results;
};
