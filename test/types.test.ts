import { createActor, fromCallback, fromPromise, type SnapshotFrom } from 'xstate';
import { expect, expectTypeOf, test } from 'vitest';
import {
  mqttMachine,
  timeMachine,
  unitMachine,
  type MqttFact,
  type TimeEvent,
  type TimeFact,
} from '../machines/index.ts';
import type { Message } from '../machines/unit/context.ts';
import type { Failure } from '../services/errors.ts';

test('a slot takes only the logic it was made for', () => {
  // @ts-expect-error a clock reading is a number
  timeMachine.provide({ actors: { readOffset: fromPromise(async () => 'noon') } });
  // @ts-expect-error unknown slot
  timeMachine.provide({ actors: { readoffset: fromPromise(async () => 1) } });
  // @ts-expect-error a child of the unit is one of its machines
  unitMachine.provide({ actors: { time: mqttMachine } });
  expectTypeOf(timeMachine.provide({ actors: { readOffset: fromPromise(async () => 1) } })).toEqualTypeOf(timeMachine);
});

test('machines accept their own events only, and their states are known by name', () => {
  const { send } = createActor(timeMachine, { input: {} });
  expectTypeOf(send).parameter(0).toEqualTypeOf<TimeEvent>();
  expectTypeOf<SnapshotFrom<typeof timeMachine>['value']>().toEqualTypeOf<
    'stale' | { seeking: 'syncing' | 'waiting' } | 'synced' | 'doubtful'
  >();
  const unit = createActor(unitMachine, { input: undefined as never });
  // @ts-expect-error not an event of the unit
  expectTypeOf(unit.send).toBeCallableWith({ type: 'unit.pause' });
  // @ts-expect-error a command is one of four
  expectTypeOf(unit.send).toBeCallableWith({ type: 'command.received', command: 'reboot' });
  unit.on('timeSynced', ({ offsetMs }) => expectTypeOf(offsetMs).toEqualTypeOf<number>());
  // @ts-expect-error not something that the unit lets the app know
  unit.on('timeSunk', () => undefined);
});

test('a command is checked against the child that it is for', () => {
  expectTypeOf<{ to: 'time'; event: { type: 'time.sync' } }>().toExtend<Message>();
  expectTypeOf<{ to: 'time'; event: { type: 'nonsense' } }>().not.toExtend<Message>();
  expectTypeOf<{ to: 'tiem'; event: { type: 'time.sync' } }>().not.toExtend<Message>();
  expectTypeOf<{ to: 'time'; event: { type: 'logger.sync' } }>().not.toExtend<Message>();
});

test('facts of the children are plain data that a parent of any kind may take (X8)', () => {
  expectTypeOf<Extract<MqttFact, { type: 'mqtt.failed' }>>().toEqualTypeOf<{ type: 'mqtt.failed'; failure: Failure }>();
  const parent = createActor(fromCallback<TimeFact>(({ receive }) => receive(() => undefined))).start();
  const actor = createActor(timeMachine, { input: { parent } }).start();
  expect(actor.getSnapshot().value).toBe('stale');
});
