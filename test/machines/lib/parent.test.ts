import type { EventObject } from 'xstate';
import { expect, test } from 'vitest';
import { ActorHandle, childOf, tell } from '../../../machines/lib/parent.ts';
import { probe } from '../../support/actors.ts';

const fact: EventObject = { type: 'child.ready' };

const told = () => {
  const emitted: EventObject[] = [];
  const sent: [to: string, EventObject][] = [];
  return {
    emitted,
    sent,
    emit: (given: EventObject) => void emitted.push(given),
    sendTo: ({ id }: { id: string }, given: EventObject) => void sent.push([id, given]),
  };
};

test('a fact is emitted, and sent to the parent where there is one', () => {
  const { ref } = probe();
  const enqueue = told();
  tell(enqueue, {}, fact);
  expect([enqueue.emitted, enqueue.sent]).toEqual([[fact], []]);
  tell(enqueue, { parent: new ActorHandle(ref) }, fact);
  expect([enqueue.emitted, enqueue.sent]).toEqual([[fact, fact], [[ref.id, fact]]]);
});

test('a parent is kept as a handle, and what is not given is left out', () => {
  const { ref } = probe();
  const handle = new ActorHandle(ref);
  expect(childOf({ parent: ref }).parent?.actor).toBe(ref);
  expect(childOf({ parent: handle, unit: 'one' })).toEqual({ parent: handle, unit: 'one' });
  expect(Object.keys(childOf({}))).toEqual([]);
  expect(JSON.parse(JSON.stringify({ handle }))).toEqual({ handle: { id: ref.id } });
});
