import type { Engine } from '../../diagram/elk/way.ts';
import { SerialQueue } from '../../../adapters/shared/serialize.ts';

type Graph = Parameters<Engine>[0];

/** What elkjs answers, as its own client reads it. */
interface Answer {
  readonly id: number;
  readonly data?: Graph;
  readonly error?: unknown;
}

const algorithms = ['layered'];

/** How long one layout may take. */
const limitMs = 30_000;

/** elkjs in a thread of its own. */
interface Thread {
  /** Lays out one graph at a time. */
  layout(graph: Graph): Promise<Answer>;
  /** Whether a layout took too long, and the thread was ended. */
  hasEnded(): boolean;
}

const startThread = (): Thread => {
  const worker = new Worker(new URL('elk.js', location.href));
  let settle: ((answer: Answer) => void) | undefined;
  let broken: Answer | undefined;
  let hasEnded = false;
  worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
    if (data.id === 1) settle?.(data);
  });
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    broken = { id: 1, error: event.message };
    settle?.(broken);
  });
  worker.postMessage({ cmd: 'register', algorithms, id: 0 }, []);
  return {
    layout: (graph) =>
      new Promise((resolve) => {
        const limit = setTimeout(() => {
          worker.terminate();
          hasEnded = true;
          resolve({ id: 1, error: `It takes more than ${limitMs / 1000} s.` });
        }, limitMs);
        settle = (answer) => {
          clearTimeout(limit);
          resolve(answer);
        };
        if (broken) settle(broken);
        else worker.postMessage({ cmd: 'layout', graph, layoutOptions: {}, options: {}, id: 1 }, []);
      }),
    hasEnded: () => hasEnded,
  };
};

/**
 * Starts elkjs, which the inspector serves, in a thread of its own. It lays out one graph after the other; what it can't load
 * fails each layout, and one that takes too long fails alone.
 */
export const startEngine = (): Engine => {
  const turns = new SerialQueue();
  let thread: Thread | undefined;
  return (graph) =>
    turns.run(async () => {
      if (!thread || thread.hasEnded()) thread = startThread();
      const { data, error } = await thread.layout(graph);
      if (data === undefined) throw new Error('The chart has no layout.', { cause: error });
      return data;
    });
};
