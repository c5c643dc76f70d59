import { describe, expect, test } from 'vitest';
import { createRecorder } from '../../../app/demo/summary.ts';
import type { InstanceEvent } from '../../../app/instance/index.ts';

const connect = (unit: string): InstanceEvent => ({ type: 'connect', unit, clientId: unit, protocol: 4 });
const disconnect = (unit: string): InstanceEvent => ({ type: 'disconnect', unit, clientId: unit, reason: undefined });
const published = (unit: string | undefined, denied = false): InstanceEvent => ({
  type: 'published',
  unit,
  topic: 't',
  key: undefined,
  payload: new Uint8Array(),
  qos: 0,
  denied,
});

const entry = { uuid: 'e', level: 'Info', text: 'x', create_datetime: '' } as const;

describe('the recorder', () => {
  test('counts what units did and what the instance took', () => {
    const recorder = createRecorder(1);
    const events: InstanceEvent[] = [
      connect('a'),
      published('a'),
      published('a', true),
      published(undefined),
      { type: 'delivered', unit: 'a', topic: 't' },
      { type: 'state', unit: 'a', report: {}, outcome: 'taken' },
      { type: 'state', unit: 'a', report: {}, outcome: 'tooEarly' },
      { type: 'state', unit: 'a', report: undefined, outcome: 'refused' },
      { type: 'log', unit: 'a', entries: [entry, entry], invalid: 3 },
    ];
    for (const event of events) recorder.count(event);
    recorder.countSupervised({ type: 'rolledBack', version: 'b', to: 'a', reason: 'it hung' });
    recorder.countSupervised({ type: 'waiting', ms: 1 });
    recorder.note('update', 'ok');
    recorder.note('log_sync', 'failed');
    expect(recorder.summary()).toEqual({
      online: true,
      published: 1,
      received: 1,
      stateReports: 1,
      logEntries: 2,
      rollbacks: 1,
      commands: { update: 'ok', env_update: 'missing', schema_update: 'missing', log_sync: 'failed' },
    });
  });

  test('is online only while every unit is connected, whatever the order of a takeover', () => {
    const recorder = createRecorder(2);
    const isOnline = () => recorder.summary().online;
    recorder.count(connect('a'));
    expect(isOnline()).toBe(false);
    recorder.count(connect('b'));
    expect(isOnline()).toBe(true);
    recorder.count(connect('a'));
    recorder.count(disconnect('a'));
    expect(isOnline()).toBe(true);
    recorder.count(disconnect('b'));
    expect(isOnline()).toBe(false);
  });
});
