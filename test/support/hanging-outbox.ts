import type { MemoryOutbox } from '../../adapters/memory/outbox.ts';

type Operation = 'open' | 'append' | 'close';

/** A store whose calls hang from now on, until they are let go. */
export const hang = (inner: MemoryOutbox, ...operations: Operation[]) => {
  const waiting: (() => void)[] = [];
  const calls: Operation[] = [];
  let isHanging = true;
  const held =
    <TArgs extends unknown[], T>(name: Operation, call: (...args: TArgs) => Promise<T>) =>
    async (...args: TArgs): Promise<T> => {
      calls.push(name);
      if (isHanging && operations.includes(name)) await new Promise<void>((resolve) => waiting.push(resolve));
      return call(...args);
    };
  const store = Object.defineProperties({} as MemoryOutbox, {
    ...Object.getOwnPropertyDescriptors(inner),
    open: { value: held('open', inner.open) },
    append: { value: held('append', inner.append) },
    close: { value: held('close', inner.close) },
  });
  const letGo = () => {
    isHanging = false;
    for (const go of waiting.splice(0)) go();
  };
  const holdAgain = () => {
    isHanging = true;
  };
  return { store, calls, letGo, holdAgain };
};
