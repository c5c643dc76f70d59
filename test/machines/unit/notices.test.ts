import { describe, expect, test } from 'vitest';
import type { UnitEvent } from '../../../machines/unit.ts';
import { failure, linked, withRecorders } from './under-test.ts';

const target = { commitVersion: 'v2' };
const denied = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ topic: `t${at + 1}`, granted: false, reasonCode: 135 }));
const kept = (count: number, names: readonly string[]): UnitEvent => ({
  type: 'update.kept',
  version: 'v2',
  files: { folder: 'kept', count, names },
});
const tried = (isSupervised: boolean): UnitEvent => ({
  type: 'update.tried',
  version: 'v2',
  start: 1,
  maxStarts: 3,
  isSupervised,
});

/** The newest line of the log and events for the app that an event brings. */
const noticed = (event: UnitEvent, unit = linked()) => {
  const [lines, emitted] = [unit.lines.length, unit.emitted.length];
  unit.sent(event);
  return {
    lines: unit.lines.slice(lines).map(({ level, text }) => `${level}: ${text}`),
    emitted: unit.emitted.slice(emitted),
  };
};

describe('the log says', () => {
  test.each<[UnitEvent, string | undefined]>([
    [{ type: 'wifi.up' }, 'Debug: The network is taken to be there'],
    [{ type: 'wifi.up', ssid: 'home' }, 'Info: Connected to WiFi "home"'],
    [{ type: 'wifi.down' }, 'Warning: The network is gone'],
    [{ type: 'wifi.failed', failure, isRepeated: false }, 'Warning: WiFi: broke'],
    [{ type: 'wifi.failed', failure, isRepeated: true }, 'Debug: WiFi: broke'],
    [{ type: 'wifi.unwatchable', failure }, 'Warning: WiFi link is read every 30 s: broke'],
    [{ type: 'time.unsynced', failure, minutes: 1 }, 'Warning: Time was not synchronised for a minute: broke'],
    [{ type: 'time.unsynced', failure, minutes: 10 }, 'Warning: Time was not synchronised for 10 minutes: broke'],
    [{ type: 'mqtt.connected', sessionPresent: false, version: 5 }, 'Info: Connected to MQTT broker, MQTT 5.0'],
    [
      { type: 'mqtt.connected', sessionPresent: false, version: 4, isRepeated: true },
      'Debug: Connected to MQTT broker, MQTT 3.1.1',
    ],
    [{ type: 'mqtt.online', granted: 2, denied: [] }, 'Debug: Subscribed to 2 topics'],
    [{ type: 'mqtt.online', granted: 2, denied: denied(1) }, 'Warning: The broker denied t1'],
    [{ type: 'mqtt.online', granted: 2, denied: denied(5) }, 'Warning: The broker denied t1, t2, t3, t4, t5'],
    [
      { type: 'mqtt.online', granted: 2, denied: denied(7) },
      'Warning: The broker denied t1, t2, t3, t4, t5 and 2 more',
    ],
    [{ type: 'mqtt.offline', failure }, 'Warning: Disconnected from MQTT broker: broke'],
    [{ type: 'mqtt.offline', failure, isRepeated: true }, 'Debug: Disconnected from MQTT broker: broke'],
    [{ type: 'mqtt.offline' }, 'Info: Disconnected from MQTT broker'],
    [{ type: 'mqtt.failed', failure }, 'Warning: MQTT broker not reached: broke'],
    [
      { type: 'settings.postponed', failure, attempts: 1 },
      'Warning: Settings: refresh failed and is tried again: broke',
    ],
    [
      { type: 'settings.postponed', failure, attempts: 4 },
      'Warning: Settings: refresh failed (4 times) and is tried again: broke',
    ],
    [{ type: 'settings.postponed', failure, attempts: 3 }, undefined],
    [
      { type: 'update.skipped', target: { commitVersion: '' }, reason: 'sameVersion' },
      'Debug: Update skipped: the newest version runs already',
    ],
    [kept(1, ['a']), 'Warning: 1 file that no update had brought gave way to version v2, kept in kept: a'],
    [kept(2, ['a', 'b']), 'Warning: 2 files that no update had brought gave way to version v2, kept in kept: a, b'],
    [
      kept(4, ['a', 'b']),
      'Warning: 4 files that no update had brought gave way to version v2, kept in kept: a, b and 2 more',
    ],
    [tried(true), 'Info: Version v2 is on trial, start 1 of 3'],
    [
      { type: 'update.waiting', version: 'v2', isDenied: false },
      'Warning: The trial of version v2 waits: no broker can be reached, and no other version could get online now',
    ],
    [
      { type: 'update.waiting', version: 'v2', isDenied: true },
      "Warning: The trial of version v2 waits: the broker denies this unit's base topics, and no other version could get online now",
    ],
    [{ type: 'update.failed', target, phase: 'recovering', failure }, 'Error: What the last update has left: broke'],
    [
      { type: 'update.failed', target, phase: 'staging', failure },
      'Critical: Update to v2 failed while staging: broke',
    ],
    [
      { type: 'reset.skipped', requests: 1 },
      'Warning: A reset command came within a minute of the last restart and had no effect',
    ],
    [
      { type: 'reset.skipped', requests: 2 },
      'Warning: 2 reset commands came within a minute of the last restart and had no effect',
    ],
    [{ type: 'logger.synced', entries: 3, omitted: 0 }, 'Info: Stored log sent: 3 entries'],
    [
      { type: 'logger.synced', entries: 3, omitted: 1 },
      'Warning: Stored log sent: 3 entries; 1 too long to be sent at once',
    ],
    [{ type: 'command.received', command: 'log_sync' }, 'Info: Command received: log_sync'],
    [{ type: 'command.received', command: 'update', target }, 'Debug: Command received: update'],
    [{ type: 'command.received', command: 'reset' }, undefined],
    [{ type: 'mqtt.denied', failure, isRepeated: true }, undefined],
  ])('of %j: %s', (event, line) => {
    expect(noticed(event).lines).toEqual(line === undefined ? [] : [line]);
  });

  test('where to find help for a version that nobody supervises', () => {
    expect(noticed(tried(false)).lines).toEqual([
      expect.stringMatching(/^Warning: Version v2 is on trial, start 1 of 3; without `pepeunit run`/),
    ]);
  });

  test('that the instance is away, without MQTT', () => {
    const event: UnitEvent = { type: 'update.waiting', version: 'v2', isDenied: true };
    expect(noticed(event, withRecorders({ isRestOnly: true })).lines).toEqual([
      'Warning: The trial of version v2 waits: the instance can not be reached, and no other version could get online now',
    ]);
  });

  test('nothing of a network or a command while the unit is not at work', () => {
    expect(noticed({ type: 'wifi.down' }, withRecorders()).lines).toEqual([]);
    expect(noticed({ type: 'command.received', command: 'log_sync' }, withRecorders())).toEqual({
      lines: [],
      emitted: [],
    });
  });

  test('of a sync alone only to the file, which it sends', () => {
    const unit = linked();
    unit.sent({ type: 'command.received', command: 'log_sync' }, { type: 'command.received', command: 'env_update' });
    expect(unit.lines.slice(-2).map(({ fileOnly }) => fileOnly)).toEqual([true, undefined]);
  });
});

describe('the app hears', () => {
  test.each<[UnitEvent, string[]]>([
    [{ type: 'mqtt.denied', failure }, ['denied']],
    [{ type: 'mqtt.denied', failure, isRepeated: true }, []],
    [{ type: 'mqtt.granted' }, ['granted']],
    [{ type: 'mqtt.stopped' }, ['disconnected']],
    [{ type: 'mqtt.offline' }, ['offline']],
    [{ type: 'time.failed', failure }, ['timeFailed']],
    [{ type: 'wifi.up' }, []],
    [{ type: 'command.received', command: 'reset' }, ['command']],
    [{ type: 'settings.postponed', failure, attempts: 3 }, ['settingsFailed']],
    [{ type: 'logger.synced', entries: 3, omitted: 0 }, ['logsSynced']],
  ])('of %j: %j', (event, types) => {
    expect(noticed(event).emitted.map(({ type }) => type)).toEqual(types);
  });
});

test('every fact of a child is emitted, as it is: no request, no start of a child and no timer', () => {
  const unit = linked();
  const event: UnitEvent = { type: 'time.synced', offsetMs: 5 };
  unit.sent(event, { type: 'time.sync' }, { type: 'wifi.started' }, { type: 'unit.stop' });
  unit.clock.increment(1500);
  unit.fail('time');
  const [first, ...others] = unit.facts.slice(unit.facts.indexOf(event));
  expect(first).toEqual(event);
  expect(others.map(({ type }) => type)).toEqual(['time.failed']);
});
