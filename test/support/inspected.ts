import { recordFor } from '../../app/inspector/unit-hook.ts';

const key = Symbol.for('pepeunit.recorder');

/** Lets an inspector show the units that this process makes, until it is disposed of. */
export const inspectUnits = (url: string): Disposable => {
  const recorders: { stop(): void }[] = [];
  const record = recordFor(url);
  Object.assign(globalThis, {
    [key]: (...given: Parameters<typeof record>) => {
      const recorder = record(...given);
      if (recorder) recorders.push(recorder as unknown as { stop(): void });
      return recorder;
    },
  });
  return {
    [Symbol.dispose]: () => {
      Reflect.deleteProperty(globalThis, key);
      for (const recorder of recorders) recorder.stop();
    },
  };
};
