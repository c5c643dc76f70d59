/** A door lock whose own statechart runs the unit: it obeys `set_lock`, closes by itself, and minds its battery. */
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { createUnitLogic } from 'pepeunit-client';
import { fromCallback, fromPromise } from 'xstate';
import { startDoorLock, toEvent } from './door-lock.ts';

const inFolder = (name: string) => join(import.meta.dirname, name);
let percent = 100;

const lock = startDoorLock({
  unit: createUnitLogic({
    envFilePath: inFolder('env.json'),
    schemaFilePath: inFolder('schema.json'),
    logFilePath: inFolder('log.json'),
    toEvent,
  }),
  // A motor that needs a second, and a bit of the battery.
  motor: fromPromise(async ({ signal }) => {
    await delay(1_000, undefined, { signal });
    percent -= 1;
  }),
  battery: fromCallback(({ sendBack }) => {
    const timer = setInterval(() => sendBack({ type: 'battery.measured', percent }), 60_000);
    return () => clearInterval(timer);
  }),
});

const stop = () => lock.getSnapshot().children.unit?.send({ type: 'unit.stop' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
