import { createActor, SimulatedClock } from 'xstate';
import { expect, test, vi } from 'vitest';
import { mqttMachine } from '../../../machines/mqtt.ts';
import { maxRetryMs } from '../../../machines/mqtt/reconnect-delay.ts';
import { failure, links } from './under-test.ts';

test.each([
  [0.1, true],
  [0.9, false],
])(
  'a machine that is embedded alone draws its waits: by %d it is back after half of the longest: %s (M14)',
  (chance, isBack) => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(chance);
    const { logic, last } = links();
    const clock = new SimulatedClock();
    const actor = createActor(mqttMachine.provide({ actors: { holdLink: logic } }), { clock, input: { protocol: 5 } });
    actor.start();
    actor.send({ type: 'network.up' });
    actor.send({ type: 'mqtt.connect', linkRevision: 1 });
    last().tell({ type: 'link.refused', failure: failure('timeout') });
    expect(actor.getSnapshot().matches('waiting')).toBe(true);
    clock.increment(maxRetryMs({ attempts: 1 }) / 2);
    expect(actor.getSnapshot().matches('linked')).toBe(isBack);
    random.mockRestore();
  },
);
