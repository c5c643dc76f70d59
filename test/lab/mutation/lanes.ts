import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Tests to run, as it were with a file that has another text. */
export interface Question {
  readonly tests: { readonly files: readonly string[]; readonly only?: string };
  readonly fault?: { readonly file: string; readonly text: string } | undefined;
}

export interface Answer {
  /** Name of a test that failed. */
  readonly failed?: string;
  /** Number of tests that passed. */
  readonly passed: number;
  readonly ms: number;
}

/** Runs the tests of one question at a time. */
export interface Lane {
  /** @returns `undefined` if there was no answer in time. */
  ask(question: Question, withinMs: number): Promise<Answer | undefined>;
  close(): Promise<void>;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The variables of this process, but for those that say it is a test. */
const ownEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV|TEST)/.test(name)));

const startChild = async (): Promise<ChildProcess> => {
  const child = fork(here('lane.ts'), {
    cwd: here('../../../'),
    execArgv: ['--import', here('../typescript.mjs')],
    env: ownEnv(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`A lane ended as it began (${code})`))),
  ]);
  return child;
};

const endChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
};

/** The answer of a child; `undefined` if it ends, or has none in time. */
const answerOf = (child: ChildProcess, question: Question, withinMs: number): Promise<Answer | undefined> =>
  new Promise((resolve) => {
    const settle = (answer?: Answer) => {
      clearTimeout(timer);
      child.off('message', settle);
      child.off('exit', onExit);
      resolve(answer);
    };
    const onExit = () => settle();
    const timer = setTimeout(settle, withinMs);
    child.on('message', settle);
    child.on('exit', onExit);
    child.send(question);
  });

/** Starts a process that runs tests; one that does not answer is killed, and another takes its place. */
export const createLane = async (): Promise<Lane> => {
  let child = await startChild();
  return {
    async ask(question, withinMs) {
      const answer = await answerOf(child, question, withinMs);
      if (answer) return answer;
      await endChild(child);
      child = await startChild();
      return undefined;
    },
    close: () => endChild(child),
  };
};
