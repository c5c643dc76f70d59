import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { addUnit, connectUnit, startTestInstance } from '../../support/instance.ts';

describe('what a unit may use', () => {
  it.each([
    [4, 0],
    [4, 2],
    [5, 1],
  ] as const)('lets a deleted unit do nothing more, MQTT level %i, QoS %i', async (protocolVersion, qos) => {
    const { instance, of } = await startTestInstance();
    const unit = await addUnit(instance);
    const other = await addUnit(instance, { name: 'other' });
    const link = await connectUnit(instance.mqttUrl, unit.token, { protocolVersion });
    const [state, log] = [unit.topic('state/pepeunit'), unit.topic('log/pepeunit')];
    await instance.operator.deleteUnit(unit.uuid);
    for (const topic of [state, log, other.topic('out/pepeunit')])
      await link.client.publishAsync(topic, '{"level":"Info","text":"x"}', { qos }).catch(() => undefined);
    await until(() => of('published').length === 3);
    expect(of('published').map((event) => event.denied)).toEqual([true, true, true]);
    expect(await link.subscribe(state)).toEqual([protocolVersion === 5 ? 0x87 : 128]);
    expect([...of('state'), ...of('log'), ...of('fault')]).toEqual([]);
  });

  it('denies other base topics, wildcards, $SYS, other domains and unknown nodes, each for itself alone', async () => {
    const { instance } = await startTestInstance();
    const unit = await addUnit(instance);
    const other = await addUnit(instance, { name: 'other' });
    const link = await connectUnit(instance.mqttUrl, unit.token);
    const denied = [
      other.topic('update/pepeunit'),
      other.topic('log/pepeunit'),
      '#',
      '+/+',
      `${instance.domain}/+/pepeunit`,
      `${instance.domain}/#`,
      '$SYS/#',
      '$share/group/x',
      unit.topic('set/pepeunit').replace(instance.domain, 'elsewhere:80'),
      `${instance.domain}/00000000-0000-4000-8000-000000000000/pepeunit`,
      `${instance.domain}/${unit.uuid}/pepeunit`,
      `${unit.topic('set/pepeunit')}/more`,
      'nonsense',
    ];
    const mixed = [unit.topic('set/pepeunit'), ...denied, unit.topic('update/pepeunit')];
    expect(await link.subscribe(...mixed)).toEqual([1, ...denied.map(() => 128), 1]);
    expect(link.isOpen()).toBe(true);
    const newer = await connectUnit(instance.mqttUrl, unit.token, { protocolVersion: 5 });
    const reasons = denied.map((topic) => (topic.startsWith('$share/') ? 0x9e : 0x87));
    expect(await newer.subscribe(...mixed)).toEqual([1, ...reasons, 1]);
    expect(newer.isOpen()).toBe(true);
  });

  it('denies a private node to others, until an edge joins them', async () => {
    const { instance } = await startTestInstance();
    const owner = await addUnit(instance, { visibilityLevel: 'Private' });
    const reader = await addUnit(instance, { name: 'reader', visibilityLevel: 'Private' });
    const stranger = await addUnit(instance, { name: 'stranger' });
    const link = await connectUnit(instance.mqttUrl, reader.token, { as: 'reader' });
    const strangers = await connectUnit(instance.mqttUrl, stranger.token, { as: 'stranger' });
    const output = owner.topic('out/pepeunit');
    expect(await link.subscribe(output)).toEqual([128]);

    await instance.operator.createEdge(owner.node('out/pepeunit'), reader.node('set/pepeunit'));
    expect(await link.subscribe(output)).toEqual([1]);
    expect(await strangers.subscribe(output, reader.topic('set/pepeunit'))).toEqual([128, 128]);
    const owners = await connectUnit(instance.mqttUrl, owner.token, { as: 'owner' });
    expect(await owners.subscribe(output, reader.topic('set/pepeunit'))).toEqual([1, 1]);

    await instance.operator.deleteEdge(owner.node('out/pepeunit'), reader.node('set/pepeunit'));
    expect(await owners.subscribe(reader.topic('set/pepeunit'))).toEqual([128]);
  });

  it.each(['Public', 'Internal'] as const)('lets units use the nodes of a %s unit', async (visibilityLevel) => {
    const { instance } = await startTestInstance();
    const owner = await addUnit(instance, { visibilityLevel });
    const other = await addUnit(instance, { name: 'other' });
    const link = await connectUnit(instance.mqttUrl, other.token);
    expect(await link.subscribe(owner.topic('out/pepeunit'), owner.topic('plain_in'))).toEqual([1, 1]);
  });

  it.each([1, 2] as const)(
    'answers a denied publish of QoS %i and MQTT 5 with 0x87, and the link stays',
    async (qos) => {
      const { instance, of } = await startTestInstance();
      const unit = await addUnit(instance, { visibilityLevel: 'Private' });
      const other = await addUnit(instance, { name: 'other' });
      const link = await connectUnit(instance.mqttUrl, other.token, { protocolVersion: 5 });
      const denied = [unit.topic('set/pepeunit'), unit.topic('update/pepeunit'), 'nonsense', '$SYS/x'];
      for (const topic of denied) {
        await expect(link.client.publishAsync(topic, 'no', { qos })).rejects.toMatchObject({ code: 0x87 });
      }
      await link.client.publishAsync(other.topic('out/pepeunit'), 'yes', { qos });
      expect(of('published').map((event) => event.denied)).toEqual([true, true, true, true, false]);
      expect(instance.operator.getNode(unit.node('set/pepeunit')).state).toBeNull();
      await link.client.endAsync();
      await until(() => of('disconnect').length === 1);
      expect(of('disconnect')[0]?.reason).toBeUndefined();
    },
  );

  it.each([
    [4, 0],
    [4, 1],
    [4, 2],
    [5, 0],
  ] as const)(
    'drops a denied publish of MQTT level %i and QoS %i in silence, and the link stays',
    async (level, qos) => {
      const { instance, of } = await startTestInstance();
      const unit = await addUnit(instance, { visibilityLevel: 'Private' });
      const other = await addUnit(instance, { name: 'other' });
      const listener = await connectUnit(instance.mqttUrl, unit.token, { as: 'listener' });
      await listener.subscribe(unit.topic('set/pepeunit'), unit.topic('update/pepeunit'));
      const link = await connectUnit(instance.mqttUrl, other.token, { as: 'other', protocolVersion: level });
      const denied = [unit.topic('set/pepeunit'), unit.topic('update/pepeunit'), 'nonsense', '$SYS/x'];
      for (const topic of denied) await link.client.publishAsync(topic, 'no', { qos });
      await link.client.publishAsync(other.topic('out/pepeunit'), 'yes', { qos: 1 });
      await until(() => of('published').length === denied.length + 1);
      expect(of('published').map((event) => event.denied)).toEqual([true, true, true, true, false]);
      expect(of('published')[0]).toMatchObject({ unit: other.uuid, key: 'set/pepeunit', denied: true });
      expect(listener.received).toEqual([]);
      expect(link.isOpen()).toBe(true);
      expect(instance.operator.getNode(unit.node('set/pepeunit')).state).toBeNull();
    },
  );
});
