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
    const link = await connectUnit(instance.mqttUrl, unit.token, { as: 'first' });
    await link.client.publishAsync(topic, 'old', { qos: 1, retain: true });
    const late = await connectUnit(instance.mqttUrl, unit.token, { as: 'late' });
    await late.subscribe(topic);
    await link.client.publishAsync(topic, 'new', { qos: 1 });
    await until(() => late.received.length > 0);
    expect(late.received).toEqual([{ topic, text: 'new' }]);
  });

  it('keeps messages of QoS 1 for a session that is away, but none of a topic that it was denied', async () => {
    const { instance } = await startTestInstance();
    const hidden = await addUnit(instance, { visibilityLevel: 'Private' });
    const unit = await addUnit(instance, { name: 'other' });
    const session = { clientId: unit.uuid, clean: false };
    const link = await connectUnit(instance.mqttUrl, unit.token, session);
    expect(await link.subscribe(hidden.topic('out/pepeunit'), unit.topic('out/pepeunit'))).toEqual([128, 1]);
    await link.client.endAsync();
    for (const { token, topic } of [hidden, unit]) {
      const sender = await connectUnit(instance.mqttUrl, token, { as: 'sender' });
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

  it.each([4, 5] as const)('publishes a will of MQTT level %i, and drops one that is denied by then', async (level) => {
    const { instance, of } = await startTestInstance();
    const owner = await addUnit(instance, { name: 'owner' });
    const unit = await addUnit(instance);
    const willOf = async (topic: string, as: string) => {
      const will = { topic, payload: Buffer.from('gone'), qos: 1 as const, retain: false };
      const link = await connectUnit(instance.mqttUrl, unit.token, { as, will, protocolVersion: level });
      return () => void link.client.stream.destroy();
    };
    const leaving = [await willOf(owner.topic('out/pepeunit'), 'a'), await willOf(unit.topic('out/pepeunit'), 'b')];
    await instance.operator.updateNode(owner.node('out/pepeunit'), { visibility_level: 'Private' });
    for (const leave of leaving) leave();
    await until(() => of('published').length === 2);
    const wills = of('published').map(({ topic, denied }) => ({ topic, denied }));
    expect(wills).toContainEqual({ topic: owner.topic('out/pepeunit'), denied: true });
    expect(wills).toContainEqual({ topic: unit.topic('out/pepeunit'), denied: false });
  });
});
