import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startEngine } from '../../../../app/inspector/page/engine.ts';

interface Request {
  readonly cmd: string;
  readonly id: number;
  readonly graph?: { readonly id: string };
}

/** A thread of elkjs that never ends the layout of the graph "slow". */
class FakeWorker extends EventTarget {
  static readonly all: FakeWorker[] = [];
  readonly asked: string[] = [];
  isEnded = false;
  constructor() {
    super();
    FakeWorker.all.push(this);
  }
  postMessage({ cmd, id, graph }: Request): void {
    if (cmd === 'layout') this.asked.push(graph?.id ?? '');
    if (graph?.id === 'slow') return;
    queueMicrotask(() => this.dispatchEvent(new MessageEvent('message', { data: { id, data: graph ?? {} } })));
  }
  terminate(): void {
    this.isEnded = true;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('Worker', FakeWorker);
  vi.stubGlobal('location', { href: 'http://127.0.0.1/token/' });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  FakeWorker.all.length = 0;
});

test('a layout that takes too long fails alone, and its thread is ended', async () => {
  const engine = startEngine();
  expect(await engine({ id: 'first' })).toEqual({ id: 'first' });
  const slow = engine({ id: 'slow' }).catch((error: unknown) => error);
  const next = engine({ id: 'next' });
  await vi.advanceTimersByTimeAsync(29_999);
  expect(FakeWorker.all.map(({ asked }) => asked)).toEqual([['first', 'slow']]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await slow).toMatchObject({ cause: 'It takes more than 30 s.' });
  expect(await next).toEqual({ id: 'next' });
  expect(FakeWorker.all.map(({ isEnded, asked }) => ({ isEnded, asked }))).toEqual([
    { isEnded: true, asked: ['first', 'slow'] },
    { isEnded: false, asked: ['next'] },
  ]);
  expect(vi.getTimerCount()).toBe(0);
});
