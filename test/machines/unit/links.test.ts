import { describe, expect, test } from 'vitest';
import { settle } from '../../support/until.ts';
import { breakLink, lastLink, createUnit, createOnlineUnit, createWorld } from '../../support/unit-world.ts';

describe('starting', () => {
  test('goes from idle to online, subscribes, reports, keeps time', async () => {
    const { actor, it: outside, told, lines } = await createOnlineUnit();
    expect(outside.did).toMatchObject({
      recover: 1,
      'settings.load': 1,
      'schema.load': 1,
      open: 1,
      readOffset: 1,
      publish: 1,
    });
    expect(lastLink(outside).subscribed).toEqual(['update', 'input']);
    expect(outside.reports).toEqual([{ millis: 1, pu_commit_version: 'v1' }]);
    expect(outside.configs.at(-1)).toMatchObject({ minLevel: 'Info', maxLength: 32 });
    expect(new Set(told())).toEqual(new Set(['settingsLoaded', 'schemaLoaded', 'timeSynced', 'online', 'reported']));
    expect(lines).toContainEqual({ level: 'Info', text: 'Connected to MQTT broker, MQTT 5.0' });
    expect(actor.getSnapshot().context.counts).toMatchObject({ connects: 1, reports: 1 });
  });

  test('does nothing before it is started', async () => {
    const { it: outside, lifecycle } = createUnit();
    await settle();
    expect(outside.did).toEqual({});
    expect(lifecycle()).toBe('idle');
  });

  test.each(['settings.load', 'schema.load'])('%s failing is told, and start tries again (M16)', async (what) => {
    const outside = createWorld();
    outside.failures.add(what);
    const { actor, lifecycle, news } = createUnit({}, outside);
    actor.send({ type: 'unit.start' });
    await settle();
    expect(lifecycle()).toBe('misconfigured');
    expect(news.at(-1)).toMatchObject({ type: 'misconfigured', failure: { message: `${what} failed` } });
    outside.failures.clear();
    actor.send({ type: 'unit.start' });
    await settle();
    expect(lifecycle()).toEqual({ operating: 'online' });
  });

  test('a schema that is fetched in spite of a bad file is enough to go on', async () => {
    const outside = createWorld();
    outside.failures.add('schema.load');
    const { actor, lifecycle } = createUnit({}, outside);
    actor.send({ type: 'unit.start' });
    await settle();
    actor.send({ type: 'schema.refresh' });
    await settle();
    expect(lifecycle()).toEqual({ operating: 'online' });
  });

  test('a broker that is down is a normal state (M16)', async () => {
    const outside = createWorld();
    outside.failures.add('open');
    const { actor, clock, lifecycle } = createUnit({ protocol: 5 }, outside);
    actor.send({ type: 'unit.start' });
    await settle();
    expect(lifecycle()).toEqual({ operating: 'offline' });
    outside.failures.clear();
    clock.increment(1000);
    await settle();
    expect(lifecycle()).toEqual({ operating: 'online' });
  });

  test('joins the WiFi network first where that is its task', async () => {
    const { it: outside, lines } = await createOnlineUnit({ managesWifi: true });
    expect(outside.wifi).toMatchObject({ linked: true, ssid: 'home' });
    expect(lines).toContainEqual({ level: 'Info', text: 'Connected to WiFi "home"' });
  });
});

describe('links that come and go', () => {
  test('a broken link is told, logged and mended', async () => {
    const { clock, it: outside, lifecycle, lines, told } = await createOnlineUnit();
    breakLink(outside);
    expect(lifecycle()).toEqual({ operating: 'offline' });
    expect(told().at(-1)).toBe('offline');
    expect(lines.at(-1)).toEqual({ level: 'Warning', text: 'Disconnected from MQTT broker: broke' });
    clock.increment(1000);
    await settle();
    expect(lifecycle()).toEqual({ operating: 'online' });
    expect(outside.reports, 'a reconnect does not report early').toHaveLength(1);
  });

  test('WiFi that goes takes the link along, and brings it back', async () => {
    const { clock, it: outside, lifecycle } = await createOnlineUnit({ managesWifi: true });
    clock.increment(20_000);
    outside.wifi.linked = false;
    outside.wifi.tell({ type: 'link.changed', linked: false });
    expect(lifecycle()).toEqual({ operating: 'offline' });
    expect(lastLink(outside).isHeld).toBe(false);
    await settle();
    expect(lifecycle()).toEqual({ operating: 'online' });
    expect(outside.links).toHaveLength(2);
  });

  test('denied topics are a warning, and the unit is online', async () => {
    const outside = createWorld();
    outside.denies.add('input');
    const { lines } = await createOnlineUnit({}, outside);
    expect(lines).toContainEqual({ level: 'Warning', text: 'The broker denied input' });
  });

  test('the app may close the link and ask for it again', async () => {
    const { actor, clock, it: outside, lifecycle, told } = await createOnlineUnit({ managesWifi: true });
    actor.send({ type: 'mqtt.disconnect' });
    await settle();
    expect(told().slice(-2)).toEqual(['offline', 'disconnected']);
    clock.increment(20_000);
    outside.wifi.tell({ type: 'link.changed', linked: false });
    await settle();
    expect(lifecycle(), 'a network that comes back is no wish for a link').toEqual({ operating: 'offline' });
    actor.send({ type: 'mqtt.connect' });
    await settle();
    expect(lifecycle()).toEqual({ operating: 'online' });
  });

  test('topics wanted besides the schema are subscribed to, and dropped', async () => {
    const { actor, it: outside } = await createOnlineUnit();
    actor.send({ type: 'mqtt.alsoWant', topics: ['extra'] });
    expect(lastLink(outside).subscribed).toEqual(['update', 'input', 'extra']);
    actor.send({ type: 'mqtt.alsoWant', topics: [] });
    expect(lastLink(outside).subscribed).toEqual(['update', 'input']);
  });
});
