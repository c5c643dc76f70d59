import { ownMachines } from '../../../app/diagram/own.ts';
import type { JsonObject, JsonValue } from '../../../services/json.ts';
import type { Fate, StateValue, WireLine } from '../../../app/inspector/wire.ts';

const names = [
  'unit',
  'settings',
  'time',
  'mqtt',
  'update',
  'schema',
  'wifi',
  'logger',
  'reset',
  'stateReporter',
] as const;
type Name = (typeof names)[number];

const configOf = (name: Name): JsonValue =>
  JSON.parse(JSON.stringify(ownMachines.find(({ id }) => id === name)?.config)) as JsonValue;

/** Writes lines in the order of their times. */
const createWriter = () => {
  const lines: WireLine[] = [];
  let at = 0;
  let message = 0;
  const step = (
    name: Name,
    event: string,
    value: StateValue | 0,
    more: { from?: Name; changed?: JsonObject; edge?: string } = {},
  ) => {
    const { from, changed = 0, edge } = more;
    const sender = from === undefined ? -1 : names.indexOf(from);
    lines.push(['s', (at += 2), names.indexOf(name), sender, event, value, changed, edge === undefined ? 0 : [edge]]);
  };
  return {
    lines,
    step,
    wait: (ms: number) => {
      at += ms;
    },
    add: (make: (time: number) => WireLine) => void lines.push(make((at += 1))),
    message: (direction: 'in' | 'out', topic: string, payload: string, fates: readonly Fate[]) => {
      const id = (message += 1);
      const [first = 'received', ...others] = fates;
      lines.push(['m', (at += 1), id, direction, topic, payload.length, payload, 1, false, first]);
      for (const fate of others)
        lines.push(fate === 'refused' ? ['mf', (at += 1), id, fate, 'too large'] : ['mf', (at += 1), id, fate]);
    },
  };
};

const unitValue = (life: StateValue): StateValue => ({
  lifecycle: life,
  reports: 'free',
  children: { kept: { mqtt: 'running', time: 'running' } },
});
const online: StateValue = { linked: { open: 'online' } };

/** A unit that starts, is online, loses its broker and comes back, and gets a command and an update. */
export const story = (startedAt: number, name = 'lamp'): WireLine[] => {
  const { lines, step, wait, add, message } = createWriter();
  lines.push(
    ['run', { v: 1, unit: `uuid-of-${name}`, name, startedAt, pid: 7, client: '0.1.0', program: 'a1b2c3d4e5' }],
    ...names.map((one): WireLine => ['chart', `hash-${one}`, one, configOf(one)]),
    ...names.map((one, index): WireLine => [
      'actor',
      0,
      index,
      index === 0 ? one : `unit/${one}`,
      Math.min(0, index - 1),
      `hash-${one}`,
    ]),
  );
  step('unit', 'xstate.init', unitValue('idle'), { changed: { restarts: 0 } });
  step('schema', 'xstate.init', 'idle');
  step('wifi', 'xstate.init', 'unmanaged');
  step('logger', 'xstate.init', 'idle');
  step('reset', 'xstate.init', 'ready');
  step('stateReporter', 'xstate.init', 'resting');
  step('settings', 'xstate.init', { document: 'idle', trial: 'settled' }, { changed: { attempts: 0 } });
  step('time', 'xstate.init', 'stale');
  step('mqtt', 'xstate.init', 'offline', {
    changed: { attempts: 0, topics: ['a', 'b'], wish: { host: 'broker', port: 1883 } },
  });
  step('update', 'xstate.init', 'idle', { changed: { target: null } });
  step('settings', 'settings.load', { document: 'loading', trial: 'settled' }, { from: 'unit' });
  wait(120);
  step('settings', 'xstate.done.actor.load', { document: 'ready', trial: 'settled' });
  step('unit', 'settings.loaded', unitValue('loadingSchema'), { from: 'settings' });
  step('schema', 'schema.load', 'loading', { from: 'unit' });
  wait(90);
  step('schema', 'xstate.done.actor.load', 'ready');
  step('unit', 'schema.loaded', unitValue({ operating: 'offline' }), { from: 'schema' });
  step('time', 'time.sync', { seeking: 'syncing' }, { from: 'unit' });
  add((at) => ['env', at, { PU_DOMAIN: 'pepeunit.test', PU_AUTH_TOKEN: '***', DELAY: 5 }]);
  step(
    'mqtt',
    'mqtt.connect',
    { linked: 'connecting' },
    { from: 'unit', changed: { attempts: 1 }, edge: 'offline>linked' },
  );
  wait(80);
  step('time', 'xstate.done.actor.readOffset', 'synced');
  step('mqtt', 'link.opened', { linked: { open: 'subscribing' } }, { edge: 'linked.connecting>linked.open' });
  step('mqtt', 'link.granted', online, { edge: 'linked.open.subscribing>linked.open.online' });
  add((at) => ['timers', at, 3, [['xstate.after.stableAfter.mqtt.linked.open.online', at + 30_000]]]);
  step('unit', 'mqtt.online', unitValue({ operating: 'online' }), { from: 'mqtt' });
  add((at) => ['f', at, { outbox: 0, received: 0, published: 0, heap: 21_000_000 }]);
  add((at) => ['l', at, 'Info', 'Connected to MQTT broker']);
  for (let n = 0; n < 20; n += 1) {
    wait(450);
    message('out', 'lamp/state', JSON.stringify({ celsius: 20 + n / 10, on: n % 3 === 0 }), ['accepted', 'delivered']);
  }
  message('out', 'lamp/alarm', 'high', ['accepted', 'refused']);
  message('in', 'lamp/set', '{"on":true}', ['received', 'handled']);
  add((at) => ['mark', at, 'outage', 'The link is down']);
  add((at) => ['l', at, 'Warning', 'Disconnected from MQTT broker']);
  step('mqtt', 'link.closed', { waiting: 'soon' }, { changed: { attempts: 2 }, edge: 'linked.open>waiting.soon' });
  add((at) => ['timers', at, 3, [['xstate.after.retryAfter.mqtt.waiting.soon', at + 5_000]]]);
  step('unit', 'mqtt.offline', unitValue({ operating: 'offline' }), { from: 'mqtt' });
  for (let n = 1; n <= 12; n += 1) {
    wait(400);
    message('out', 'lamp/state', JSON.stringify({ celsius: 22 - n / 10, on: false }), ['queued']);
    add((at) => ['f', at, { outbox: n }]);
  }
  step('mqtt', 'xstate.after.retryAfter.mqtt.waiting.soon', { linked: 'connecting' }, { edge: 'waiting.soon>linked' });
  wait(60);
  step('mqtt', 'link.opened', { linked: { open: 'subscribing' } }, { edge: 'linked.connecting>linked.open' });
  step('mqtt', 'link.granted', online, { edge: 'linked.open.subscribing>linked.open.online' });
  step('unit', 'mqtt.online', unitValue({ operating: 'online' }), { from: 'mqtt' });
  add((at) => ['f', at, { outbox: 0 }]);
  wait(2_000);
  add((at) => ['mark', at, 'command', 'update']);
  add((at) => ['mark', at, 'update', 'An update to b81d200 begins']);
  step('update', 'update.start', 'checking', {
    from: 'unit',
    changed: { target: { version: 'b81d200' } },
    edge: 'idle>checking',
  });
  wait(300);
  step('update', 'xstate.done.actor.askTarget', 'downloading', { edge: 'checking>downloading' });
  add((at) => ['l', at, 'Error', 'The program is not complete']);
  return lines;
};
