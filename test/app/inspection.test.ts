import { writeFile } from 'node:fs/promises';
import { inspect as show } from 'node:util';
import { createWebSocketInspector, createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { expect, test } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { startInspectorRelay } from '../support/inspector-relay.ts';
import { createLiveUnit } from '../support/live-unit.ts';
import { until } from '../support/until.ts';

const childNames = ['logger', 'mqtt', 'schema', 'settings', 'stateReporter', 'time', 'update', 'wifi'] as const;

test('the inspect option shows every actor to an observer', async () => {
  const actors = new Set<unknown>();
  const live = await createLiveUnit({ inspect: { next: ({ actorRef }) => void actors.add(actorRef) } });
  try {
    await live.client.ready();
    const { children } = live.client.actor.getSnapshot();
    expect(actors.has(live.client.actor)).toBe(true);
    for (const name of childNames) expect(actors.has(children[name]), name).toBe(true);
  } finally {
    await live.stop();
  }
});

test('a stock receiver sees the whole tree of a live unit, offline (X1)', async () => {
  const relay = await startInspectorRelay();
  const seen: StatelyInspectionEvent[] = [];
  const receiverJoined = relay.joined();
  createWebSocketReceiver({ server: relay.url }).subscribe((event) => seen.push(event));
  await receiverJoined;
  const inspectorJoined = relay.joined();
  const inspector = createWebSocketInspector({ url: relay.url });
  await inspectorJoined;
  const live = await createLiveUnit({ inspect: inspector.inspect });
  try {
    await live.client.ready();
    const names = () =>
      seen.filter(({ type }) => type === '@xstate.actor').map((event) => ('name' in event ? event.name : ''));
    const wanted = ['unit', ...childNames].map((id) => new RegExp(`^${id}$`));
    await until(() => wanted.every((name) => names().some((given) => name.test(given))));
  } finally {
    await live.stop();
    inspector.stop();
    await relay.stop();
  }
});

/** What an inspector can see of an event: the event itself and the actor's context, but no actors. */
const visible = (event: InspectionEvent): string =>
  JSON.stringify(event, (key, value: unknown) =>
    ['actorRef', 'machine', 'self', 'system', 'children', '_nodes', 'sourceRef'].includes(key) ? undefined : value,
  );

test('no secret shows: not in an inspection event, a snapshot, an error, the log or the console (C1)', async () => {
  const shown: string[] = [];
  const live = await createLiveUnit({
    ffConsoleLogEnable: true,
    inspect: (event) => void shown.push(visible(event)),
    adapters: { console: { write: (entry) => void shown.push(entry.text), flush: async () => undefined } },
  });
  const env = JSON.parse(await live.read('env.json'));
  const wifi = 'wifi-password-canary';
  await writeFile(live.path('env.json'), JSON.stringify({ ...env, PUC_WIFI_SSID: 'home', PUC_WIFI_PASS: wifi }));
  try {
    const { client, instance, row } = live;
    client.setMqttInputHandler(() => {
      throw new Error(`a clumsy error with ${client.settings.PU_AUTH_TOKEN}`);
    });
    await client.ready();
    client.logger.info(`a clumsy entry with ${client.settings.PU_ENCRYPT_KEY} and ${wifi}`);
    const node = row.unit_nodes.find(({ type }) => type === 'Input');
    await instance.operator.setStateInput(node?.uuid ?? '', 'x');
    await until(() => shown.some((text) => text.includes('a clumsy error')));
    await client.downloadEnv();
    shown.push(show(client.settings), show(client, { depth: 4 }), await live.read('log.json'));
    expect(shown.length).toBeGreaterThan(50);
    for (const secret of [env.PU_AUTH_TOKEN, env.PU_SECRET_KEY, env.PU_ENCRYPT_KEY, wifi] as string[]) {
      expect(shown.filter((text) => text.includes(secret))).toEqual([]);
    }
  } finally {
    await live.stop();
  }
});
