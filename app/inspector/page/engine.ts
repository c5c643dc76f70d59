import type { Engine } from '../../diagram/elk/way.ts';

/** What elkjs answers, as its own client reads it. */
interface Answer {
  readonly id: number;
  readonly data?: Awaited<ReturnType<Engine>>;
  readonly error?: unknown;
}

const algorithms = ['layered'];

/** Starts elkjs, which the inspector serves, in a thread of its own. What it can't load fails each layout. */
export const startEngine = (): Engine => {
  const worker = new Worker(new URL('elk.js', location.href));
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  let isBroken = false;
  const settle = (answer: Answer): void => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  };
  const ask = (request: object): Promise<Answer> =>
    new Promise((resolve) => {
      last += 1;
      const id = last;
      waiting.set(id, resolve);
      if (isBroken) settle({ id, error: 'elkjs does not run' });
      else worker.postMessage({ ...request, id }, []);
    });
  worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => settle(data));
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    isBroken = true;
    for (const id of waiting.keys()) settle({ id, error: event.message });
  });
  void ask({ cmd: 'register', algorithms });
  return async (graph) => {
    const { data, error } = await ask({ cmd: 'layout', graph, layoutOptions: {}, options: {} });
    if (data === undefined) throw new Error('The chart has no layout.', { cause: error });
    return data;
  };
};
