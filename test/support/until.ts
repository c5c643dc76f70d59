export { settle } from '../../app/testing/settle.ts';

/**
 * Waits until a check gives something other than `undefined` or `false`, looking again every few milliseconds.
 *
 * @returns What the check gave.
 * @throws At the deadline.
 */
export const until = async <T>(
  check: () => T | undefined | false | Promise<T | undefined | false>,
  { timeoutMs = 90_000, what = 'the condition' }: { timeoutMs?: number; what?: string } = {},
): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`${what} did not come true within ${timeoutMs} ms`);
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
};
