import { createActor, SimulatedClock } from 'xstate';
import { expect } from 'vitest';
import { settingsMachine, type SettingsFact } from '../../../machines/settings.ts';
import type { SettingsTrial } from '../../../services/env-trial.ts';
import type { UnitSettings } from '../../../services/settings.ts';
import { gate, probe } from '../../support/actors.ts';
import { settings } from '../../support/unit-world.ts';

export const trialOf = (trial: Partial<SettingsTrial> = {}): UnitSettings => ({
  ...settings,
  linkRevision: 2,
  trial: { revision: 2, spent: 0, isBrokerNew: true, isInstanceNew: false, ...trial },
});
export const onTrial = trialOf();
export const confirmed: UnitSettings = { ...settings, linkRevision: 2 };
export const restored: UnitSettings = { ...settings, linkRevision: 3, givenUp: ['PU_MQTT_HOST'] };

export const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<SettingsFact>();
  const steps = {
    load: gate<UnitSettings>(),
    refresh: gate<UnitSettings>(),
    charge: gate<void, { revision: number; spent: number }>(),
    askBroker: gate<boolean>(),
    askInstance: gate<void>(),
    compareInstances: gate<boolean, { revision: number }>(),
    restore: gate<UnitSettings, { revision: number }>(),
    confirm: gate<void, { revision: number }>(),
  };
  const { load, refresh, charge, askBroker, askInstance, compareInstances, restore, confirm } = steps;
  const machine = settingsMachine.provide({
    actors: {
      load: load.logic,
      refresh: refresh.logic,
      charge: charge.logic,
      askBroker: askBroker.logic,
      askInstance: askInstance.logic,
      compareInstances: compareInstances.logic,
      restore: restore.logic,
      confirm: confirm.logic,
    },
  });
  const actor = createActor(machine, { clock, input: { parent: parent.ref } }).start();
  const link = (...denied: string[]) => actor.send({ type: 'broker.up', denied });
  const unlink = () => actor.send({ type: 'broker.down' });
  const state = () => actor.getSnapshot();
  /** Lets time pass in steps, so that each timer begins where the one before ended. */
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 500) clock.increment(Math.min(left, 500));
  };
  return { actor, pass, parent, ...steps, link, unlink, state, trial: () => state().value.trial };
};
export type Unit = ReturnType<typeof start>;

export const connecting = { trying: { way: 'connecting', time: 'running' } };
export const acquitted = { trying: { way: 'connecting', time: 'acquitted' } };
export const judged = { trying: { way: 'connecting', time: 'askingBroker' } };

/** One whose new env is in force, and whose link of the env before has ended. */
export const trying = async (env = onTrial) => {
  const unit = start();
  unit.actor.send({ type: 'settings.load' });
  await unit.load.resolve(env);
  return unit;
};

/** One whose new env brought no link in time. */
export const judging = async () => {
  const unit = await trying();
  unit.pass(120_000);
  expect(unit.trial()).toEqual(judged);
  return unit;
};

export const restoring = async () => {
  const unit = await judging();
  await unit.askBroker.resolve(true);
  expect(unit.trial()).toBe('restoring');
  return unit;
};

export const confirming = async () => {
  const unit = await trying();
  unit.link();
  expect(unit.trial()).toBe('confirming');
  return unit;
};
