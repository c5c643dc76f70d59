import type { FakeClock } from '../../adapters/memory/clock.ts';

/** Calls back in a turn of its own; kept from the start, so that a test runner's fake timers don't hold it up. */
const nextTurn: (fn: () => void) => void =
  (globalThis as { setImmediate?: (fn: () => void) => void }).setImmediate ??
  ((fn) => {
    const { port1, port2 } = new MessageChannel();
    const arrive = () => {
      port1.close();
      fn();
    };
    port1.addEventListener('message', arrive, { once: true });
    port1.start();
    port2.postMessage(undefined);
  });

/**
 * Lets everything happen that waits for promises alone, and nothing that waits for a clock.
 *
 * @example
 * import { settle } from 'pepeunit-client/testing';
 *
 * void client.publishToTopics('output/pepeunit', 'on');
 * await settle();
 */
export const settle = (): Promise<void> => new Promise((resolve) => nextTurn(resolve));

/** Moves a clock forward; what each timer brings about has happened before the next one is due. */
export const passTime = async (clock: FakeClock, ms: number): Promise<void> => {
  const endMs = clock.monotonic() + ms;
  await settle();
  for (let next = clock.nextInMs; next !== undefined && clock.monotonic() + next <= endMs; next = clock.nextInMs) {
    clock.advance(next);
    await settle();
  }
  clock.advance(endMs - clock.monotonic());
};

/** Turns that work outside the event loop, such as unpacking, gets before time passes. */
const turnsOfWork = 20;

const settleWork = async (isOver: () => boolean): Promise<boolean> => {
  for (let turn = 0; turn < turnsOfWork && !isOver(); turn += 1) await settle();
  return isOver();
};

/** Moves a clock forward, from timer to timer, until a check holds. @throws {Error} It does not within `withinMs`. */
export const passTimeUntil = async (clock: FakeClock, check: () => boolean, withinMs: number): Promise<void> => {
  const endMs = clock.monotonic() + withinMs;
  while (!(await settleWork(check))) {
    const leftMs = endMs - clock.monotonic();
    if (leftMs <= 0) throw new Error(`The condition did not come true within ${withinMs} ms of the fake clock.`);
    clock.advance(Math.min(clock.nextInMs ?? leftMs, leftMs));
  }
};
