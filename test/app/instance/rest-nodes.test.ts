import { describe, expect, it } from 'vitest';
import { parseSchema } from '../../../services/schema.ts';
import { until } from '../../support/until.ts';
import { addUnit, api, connectUnit, nobody, json, startInstanceWithUnit } from '../../support/instance.ts';

describe('nodes and the links between them', () => {
  it('PATCH /unit_nodes/set_state_input publishes, for the operator and, where it is rewritable, for a unit', async () => {
    const { instance, unit, operator } = await startInstanceWithUnit();
    const stranger = api(instance, (await addUnit(instance, { name: 'other' })).token);
    const path = `/unit_nodes/set_state_input/${unit.node('set/pepeunit')}`;
    const link = await connectUnit(instance.mqttUrl, unit.token);
    await link.subscribe(unit.topic('set/pepeunit'));
    expect(await json(operator('PATCH', path, { state: 'on' }))).toMatchObject({ state: 'on', type: 'Input' });
    expect((await stranger('PATCH', path, { state: 'off' })).status).toBe(403);
    const settings = { is_rewritable_input: true, visibility_level: 'Internal', max_connections: 3 };
    expect(await json(operator('PATCH', `/unit_nodes/${unit.node('set/pepeunit')}`, settings))).toMatchObject(settings);
    expect((await stranger('PATCH', path, { state: 'off' })).status).toBe(200);
    await until(() => link.received.length === 2);
    expect(link.received.map(({ text }) => text)).toEqual(['on', 'off']);
    const output = `/unit_nodes/set_state_input/${unit.node('out/pepeunit')}`;
    expect((await operator('PATCH', output, { state: 'x' })).status).toBe(422);
    expect((await operator('PATCH', path, { state: 1 })).status).toBe(422);
    expect((await operator('PATCH', `/unit_nodes/set_state_input/${nobody}`, { state: 'x' })).status).toBe(422);
    await instance.operator.updateNode(unit.node('set/pepeunit'), { visibility_level: 'Private' });
    expect((await stranger('PATCH', path, { state: 'off' })).status).toBe(403);
    for (const wrong of [{ max_connections: 0 }, { max_connections: 'x' }, { visibility_level: 'x' }]) {
      expect((await operator('PATCH', `/unit_nodes/${unit.node('set/pepeunit')}`, wrong)).status).toBe(422);
    }
  });

  it('POST /unit_nodes/create_unit_node_edge links, and the reader is told and gets the messages', async () => {
    const { instance, unit, operator } = await startInstanceWithUnit();
    const reader = await addUnit(instance, { name: 'reader' });
    const link = await connectUnit(instance.mqttUrl, reader.token, { as: 'reader' });
    await link.subscribe(reader.topic('schema_update/pepeunit'));
    const edge = { node_output_uuid: unit.node('out/pepeunit'), node_input_uuid: reader.node('set/pepeunit') };
    const response = await operator('POST', '/unit_nodes/create_unit_node_edge', edge);
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ uuid: expect.any(String), ...edge });
    await until(() => link.received.length === 1);
    expect(link.received[0]?.text).toBe('{"COMMAND":"SchemaUpdate"}');
    const schema = parseSchema(
      await json(api(instance, reader.token)('GET', `/units/get_current_schema/${reader.uuid}`)),
    );
    expect(schema.input_topic['set/pepeunit']).toEqual([reader.topic('set/pepeunit'), unit.topic('out/pepeunit')]);

    const owners = await connectUnit(instance.mqttUrl, unit.token, { as: 'owner' });
    await link.subscribe(...(schema.input_topic['set/pepeunit'] ?? []));
    await owners.client.publishAsync(unit.topic('out/pepeunit'), '42', { qos: 1 });
    await until(() => link.received.length === 2);
    expect(link.received[1]).toEqual({ topic: unit.topic('out/pepeunit'), text: '42' });

    const again = await operator('POST', '/unit_nodes/create_unit_node_edge', edge);
    expect(again.status).toBe(422);
    const swapped = { node_output_uuid: edge.node_input_uuid, node_input_uuid: edge.node_output_uuid };
    expect((await operator('POST', '/unit_nodes/create_unit_node_edge', swapped)).status).toBe(422);
    const missing = { ...edge, node_output_uuid: nobody };
    expect((await operator('POST', '/unit_nodes/create_unit_node_edge', missing)).status).toBe(422);
    expect((await operator('POST', '/unit_nodes/create_unit_node_edge', {})).status).toBe(422);
    for (const node of [unit.node('plain_out'), reader.node('plain_in')]) {
      await instance.operator.updateNode(node, { max_connections: 1 });
    }
    const { operator: operations } = instance;
    await operations.createEdge(unit.node('plain_out'), reader.node('plain_in'));
    await expect(operations.createEdge(unit.node('plain_out'), unit.node('plain_in'))).rejects.toThrow(/links already/);
    await expect(operations.createEdge(reader.node('plain_out'), reader.node('plain_in'))).rejects.toThrow(
      /links already/,
    );

    const removal = `/unit_nodes/delete_unit_node_edge?node_output_uuid=${edge.node_output_uuid}&node_input_uuid=${edge.node_input_uuid}`;
    expect((await operator('DELETE', removal)).status).toBe(204);
    expect((await operator('DELETE', removal)).status).toBe(422);
    expect(reader.topic('set/pepeunit')).toContain(reader.node('set/pepeunit'));
  });
});
