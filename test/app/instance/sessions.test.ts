import { connect as connectTcp } from 'node:net';
import { MqttClient } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../support/until.ts';
import { addUnit, connectUnit, startTestInstance } from '../../support/instance.ts';

describe('sessions', () => {
  it('keeps nothing that is retained', async () => {
    const { instance } = await startTestInstance();
    const unit = await addUnit(instance);
    const topic = unit.topic('out/pepeunit');
    const link = await connectUnit(instance.mqttUrl, unit.token, { clientId: 'first' });
    await link.client.publishAsync(topic, 'old', { qos: 1, retain: true });
    const late = await connectUnit(instance.mqttUrl, unit.token, { clientId: 'late' });
    await late.subscribe(topic);
    await link.client.publishAsync(topic, 'new', { qos: 1 });
    await until(() => late.received.length > 0);
    expect(late.received).toEqual([{ topic, text: 'new' }]);
  });

  it('keeps messages of QoS 1 for a session that is away, but none of a topic that it was denied', async () => {
    const { instance } = await startTestInstance();
    const hidden = await addUnit(instance, { visibilityLevel: 'Private' });
    const unit = await addUnit(instance, { name: 'other' });
    const session = { clientId: 'session', clean: false };
    const link = await connectUnit(instance.mqttUrl, unit.token, session);
    expect(await link.subscribe(hidden.topic('out/pepeunit'), unit.topic('out/pepeunit'))).toEqual([128, 1]);
    await link.client.endAsync();
    for (const { token, topic } of [hidden, unit]) {
      const sender = await connectUnit(instance.mqttUrl, token, { clientId: 'sender' });
      await sender.client.publishAsync(topic('out/pepeunit'), 'while away', { qos: 1 });
      await sender.client.endAsync();
    }
    const received: string[] = [];
    const again = new MqttClient(() => connectTcp(Number(new URL(instance.mqttUrl).port), '127.0.0.1'), {
      ...session,
      username: unit.token,
      password: '',
      reconnectPeriod: 0,
    });
    onTestFinished(() => again.endAsync(true));
    again.on('message', (topic) => received.push(topic));
    await until(() => received.length > 0);
    await again.publishAsync(unit.topic('out/pepeunit'), 'now', { qos: 1 });
    await until(() => received.length === 2);
    expect(received).toEqual([unit.topic('out/pepeunit'), unit.topic('out/pepeunit')]);
  });

  it('publishes a will, and drops one that is denied', async () => {
    const { instance, of } = await startTestInstance();
    const unit = await addUnit(instance);
    const other = await addUnit(instance, { name: 'other' });
    const willOf = async (topic: string, clientId: string) => {
      const will = { topic, payload: Buffer.from('gone'), qos: 1 as const, retain: false };
      const link = await connectUnit(instance.mqttUrl, unit.token, { clientId, will });
      link.client.stream.destroy();
    };
    await willOf(other.topic('state/pepeunit'), 'a');
    await willOf(unit.topic('out/pepeunit'), 'b');
    await until(() => of('published').length === 2);
    const wills = of('published').map(({ key, denied }) => ({ key, denied }));
    expect(wills).toContainEqual({ key: 'state/pepeunit', denied: true });
    expect(wills).toContainEqual({ key: 'out/pepeunit', denied: false });
  });
});
