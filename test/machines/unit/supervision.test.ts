import { describe, expect, test } from 'vitest';
import { childNames, type ChildName } from '../../../machines/unit/context.ts';
import type { UnitEvent } from '../../../machines/unit.ts';
import { settings } from '../../support/unit-world.ts';
import { atWork, failure, linked, withRecorders } from './under-test.ts';

const start: UnitEvent = { type: 'unit.start' };
const loaded: UnitEvent = { type: 'settings.loaded', settings };

/** Has a child fail until it is off. */
const giveUp = (unit: ReturnType<typeof withRecorders>, child: ChildName) => {
  for (let failures = 0; failures < 6; failures += 1) {
    unit.fail(child);
    unit.clock.increment(1000);
  }
};

describe('a child', () => {
  test('is given what it needs of the input', () => {
    const { inputs } = withRecorders({ brokers: 2, mqttTimeoutMs: 5000, isCompiled: true, isSupervised: true });
    const inputOf = (name: ChildName) => inputs.find(({ child }) => child === name)?.input;
    expect(inputs.map(({ child }) => child).toSorted()).toEqual([...childNames].toSorted());
    for (const { input } of inputs) expect(input).toHaveProperty('parent');
    expect(inputOf('mqtt')).toMatchObject({ protocol: 'auto', brokers: 2, timeoutMs: 5000, attempts: 0 });
    expect(inputOf('update')).toMatchObject({
      mode: 'restart_exec',
      checksVersion: true,
      isCompiled: true,
      isSupervised: true,
      isRestOnly: false,
    });
    expect(inputOf('reset')).toMatchObject({ mode: 'restart_exec' });
    const [mqtt] = withRecorders().inputs.filter(({ child }) => child === 'mqtt');
    expect(Object.keys(mqtt?.input ?? {}).filter((name) => name === 'brokers' || name === 'timeoutMs')).toEqual([]);
    const restOnly = withRecorders({ isRestOnly: true }).inputs.find(({ child }) => child === 'update');
    expect(restOnly?.input).toMatchObject({ isRestOnly: true });
  });

  const factsOf: Readonly<Record<ChildName, string[]>> = {
    settings: ['settingsFailed'],
    schema: ['schemaFailed'],
    wifi: [],
    time: ['timeFailed'],
    mqtt: ['offline'],
    update: [],
    logger: ['logsFailed'],
    stateReporter: ['reportFailed'],
    reset: [],
  };

  test.each(childNames)('that fails starts again a second later, five times in a row: %s', (child) => {
    const unit = linked();
    const runs = () => unit.inputs.filter((each) => each.child === child).length;
    unit.emitted.length = 0;
    for (let failures = 1; failures <= 5; failures += 1) {
      unit.fail(child);
      expect(unit.lines).toContainEqual({
        level: 'Error',
        text: `The ${child} machine failed and starts again: broke`,
        failure,
      });
      unit.clock.increment(999);
      expect(runs()).toBe(failures);
      unit.clock.increment(1);
      expect(runs()).toBe(failures + 1);
    }
    unit.fail(child);
    expect(unit.lines).toContainEqual({
      level: 'Critical',
      text: `The ${child} machine failed and is off for ten minutes: broke`,
      failure,
    });
    expect(unit.state().context.counts.crashes).toBe(6);
    unit.clock.increment(599_999);
    expect(runs()).toBe(6);
    unit.clock.increment(1);
    expect(runs()).toBe(7);
  });

  test.each(childNames)('that fails is told as what it would have told itself: %s', (child) => {
    const unit = linked();
    unit.emitted.length = 0;
    unit.fail(child);
    expect(unit.emitted.map(({ type }) => type)).toEqual(factsOf[child]);
  });

  test('that keeps the link goes on with the waits of the one before', () => {
    const unit = linked();
    for (let failures = 1; failures <= 3; failures += 1) {
      unit.fail('mqtt');
      unit.clock.increment(1000);
      expect(unit.inputs.at(-1)?.input).toMatchObject({ attempts: failures });
    }
  });

  test.each(childNames)('that ran for a minute starts again as often as before: %s', (child) => {
    const unit = linked();
    for (let failures = 1; failures <= 8; failures += 1) {
      unit.fail(child);
      unit.clock.increment(1000);
      unit.clock.increment(failures < 5 ? 59_999 : 60_000);
      expect(unit.state().context.restarts[child]).toBe(failures < 5 ? failures : 0);
    }
  });

  test('that has never failed has no timer, and one that has failed has one', () => {
    const unit = linked();
    const timers = () => {
      const { _scheduledEvents: scheduled } = unit.actor.system.getSnapshot();
      return Object.values(scheduled).map(({ event }) => event);
    };
    expect(timers()).toEqual([]);
    unit.fail('logger');
    unit.clock.increment(1000);
    expect(timers()).toEqual([{ type: 'child.steady', child: 'logger' }]);
    unit.clock.increment(60_000);
    expect(timers()).toEqual([]);
  });

  test('that starts again is sent all that it was asked for meanwhile, each kind once', () => {
    const unit = linked();
    unit.fail('settings');
    unit.fail('schema');
    unit.sent({ type: 'settings.load' }, { type: 'settings.refresh' }, { type: 'schema.load' });
    unit.sent({ type: 'settings.refresh' });
    unit.messages.length = 0;
    unit.clock.increment(1000);
    const askedOf = (child: ChildName) => unit.messages.filter(({ to }) => to === child).map(({ event }) => event.type);
    expect(askedOf('settings')).toEqual(['settings.load', 'settings.refresh', 'broker.up']);
    expect(askedOf('schema')).toEqual(['schema.load']);
  });

  test('that has never failed is no reason for the unit to wake up', () => {
    const unit = linked();
    let steps = 0;
    unit.actor.subscribe(() => (steps += 1));
    unit.clock.increment(86_400_000);
    expect(steps).toBe(0);
    expect(unit.state().matches({ lifecycle: { operating: 'online' } })).toBe(true);
  });

  test('that reads a file, and starts again as the unit does, is no failure of the file', () => {
    const unit = withRecorders();
    unit.sent(start, { type: 'update.recovered' });
    unit.fail('settings');
    unit.clock.increment(1000);
    unit.sent(loaded);
    unit.fail('schema');
    unit.fail('update');
    expect(unit.lifecycle()).toBe('loadingSchema');
    expect(unit.emitted.map(({ type }) => type)).toEqual(['settingsLoaded']);
  });

  test('that is off as the unit starts is a failure: of a file, or of what an update has left', () => {
    const unit = withRecorders();
    unit.sent(start);
    giveUp(unit, 'update');
    expect(unit.lifecycle()).toBe('loadingSettings');
    giveUp(unit, 'settings');
    expect(unit.lifecycle()).toBe('misconfigured');
    const other = withRecorders();
    other.sent(start, { type: 'update.recovered' }, loaded);
    giveUp(other, 'schema');
    expect(other.lifecycle()).toBe('misconfigured');
  });

  test('that has the network or the link takes it along, and only then', () => {
    const unit = linked();
    unit.fail('mqtt');
    expect(unit.lifecycle()).toEqual({ operating: 'offline' });
    unit.fail('wifi');
    expect(unit.state().context.hasNetwork).toBe(false);
    const without = atWork();
    const messages = without.messages.length;
    without.fail('mqtt');
    without.fail('wifi');
    expect(without.messages).toHaveLength(messages);
    expect(without.state().context.counts.disconnects).toBe(0);
  });
});
