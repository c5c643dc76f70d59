import { createActor, fromCallback, fromPromise, type EventObject, type NonReducibleUnknown } from 'xstate';
import { settle } from './until.ts';

/** A parent that writes down what it is told. */
export const probe = <TFact extends EventObject>() => {
  const facts: TFact[] = [];
  const ref = createActor(fromCallback<TFact>(({ receive }) => receive((fact) => facts.push(fact)))).start();
  return { facts, ref, types: () => facts.map(({ type }) => type) };
};

/** A slot's logic whose runs the test ends when it likes. */
export const gate = <TOutput, TInput extends NonReducibleUnknown = NonReducibleUnknown>() => {
  const runs: { input: TInput; signal: AbortSignal; resolve(output: TOutput): void; reject(error: unknown): void }[] =
    [];
  const logic = fromPromise<TOutput, TInput>(
    ({ input, signal }) => new Promise((resolve, reject) => runs.push({ input, signal, resolve, reject })),
  );
  const last = () => {
    const run = runs.at(-1);
    if (!run) throw new Error('The slot has not been started');
    return run;
  };
  return {
    runs,
    logic,
    last,
    resolve: async (output: TOutput) => {
      last().resolve(output);
      await settle();
    },
    reject: async (error: unknown) => {
      last().reject(error);
      await settle();
    },
  };
};

/** An error as adapters throw it. */
export const failing = (code: string, message = `it failed: ${code}`) => Object.assign(new Error(message), { code });
