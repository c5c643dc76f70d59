import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import {
  addUnit,
  connectUnit,
  createProgramFolder,
  nobody,
  json,
  startInstanceWithUnit,
} from '../../support/instance.ts';
import { temporaryFolder } from '../../support/folder.ts';

describe('what an operator does', () => {
  it('POST /units makes a unit of a folder', async () => {
    const { operator } = await startInstanceWithUnit();
    const folder = await createProgramFolder();
    const body = { name: 'lamp', folder, visibility_level: 'Internal', env: { SPEED: 7 } };
    const response = await operator('POST', '/units', body);
    expect(response.status).toBe(201);
    const row = (await response.json()) as { uuid: string; unit_nodes: unknown[] };
    expect(row).toMatchObject({ name: 'lamp', visibility_level: 'Internal', unit_nodes: expect.any(Array) });
    expect(row.unit_nodes).toHaveLength(4);
    expect(await json(operator('GET', `/units/${row.uuid}`))).toEqual({ ...row, unit_nodes: [] });
    expect(await json(operator('GET', `/units/env/${row.uuid}`))).toMatchObject({ SPEED: 7 });
  });

  it('POST /units refuses what is no unit', async () => {
    const { operator } = await startInstanceWithUnit();
    const folders = await Promise.all([
      temporaryFolder(),
      createProgramFolder({ 'env_example.json': '[]' }),
      createProgramFolder({ 'env_example.json': '{' }),
      createProgramFolder({ 'schema_example.json': '{"input_topic":[]}' }),
      createProgramFolder({
        'schema_example.json':
          '{"input_base_topic":["other/pepeunit"],"output_base_topic":[],"input_topic":[],"output_topic":[]}',
      }),
      createProgramFolder({
        'schema_example.json':
          '{"input_base_topic":[],"output_base_topic":[],"input_topic":["a","a"],"output_topic":[]}',
      }),
      createProgramFolder({
        'schema_example.json': '{"input_base_topic":[],"output_base_topic":[],"input_topic":["a/+"],"output_topic":[]}',
      }),
    ]);
    const bodies: unknown[] = [
      ...folders.map((folder) => ({ name: 'x', folder })),
      { name: 'x', folder: join(folders[0], 'missing') },
      { name: '', folder: await createProgramFolder() },
      { name: 'x' },
      { name: 'x', folder: await createProgramFolder(), visibility_level: 'Secret' },
      'no json',
    ];
    for (const body of bodies) {
      const response = await operator('POST', '/units', body);
      expect([JSON.stringify(body), response.status]).toEqual([JSON.stringify(body), 422]);
      expect(await response.json()).toEqual({ detail: expect.anything() });
    }
    expect(await json(operator('GET', '/units'))).toMatchObject({ count: 1 });
  });

  it('PATCH /units/env merges variables, and drops those that no version lists or the instance owns', async () => {
    const { unit, operator } = await startInstanceWithUnit();
    const path = `/units/env/${unit.uuid}`;
    expect((await operator('PATCH', path, { SPEED: 3, PU_STATE_SEND_INTERVAL: 30 })).status).toBe(204);
    expect((await operator('PATCH', path, { env_json_string: '{"PUC_WIFI_PASS":"secret"}' })).status).toBe(204);
    expect(await json(operator('GET', path))).toMatchObject({
      SPEED: 3,
      PU_STATE_SEND_INTERVAL: 30,
      PUC_WIFI_PASS: 'secret',
    });
    const before = await json(operator('GET', path));
    for (const body of [
      { UNKNOWN: 1 },
      { PU_AUTH_TOKEN: 'x' },
      { PU_COMMIT_VERSION: 'x' },
      '{"__proto__":{"SPEED":4}}',
    ]) {
      expect((await operator('PATCH', path, body)).status).toBe(204);
      expect(await json(operator('GET', path))).toEqual(before);
    }
    for (const text of ['[]', '{', 1]) {
      expect((await operator('PATCH', path, { env_json_string: text })).status).toBe(422);
    }
    expect((await operator('PATCH', `/units/env/${nobody}`, {})).status).toBe(422);
  });

  it('DELETE /units/env forgets the variables, and each env has new keys until one is saved', async () => {
    const { unit, operator } = await startInstanceWithUnit();
    const path = `/units/env/${unit.uuid}`;
    const keys = async () => {
      const { PU_SECRET_KEY, PU_ENCRYPT_KEY } = (await json(operator('GET', path))) as Record<string, string>;
      return [PU_SECRET_KEY, PU_ENCRYPT_KEY];
    };
    expect(await keys()).not.toEqual(await keys());
    await operator('PATCH', path, { SPEED: 3 });
    const saved = await keys();
    expect(await keys()).toEqual(saved);
    expect((await operator('DELETE', path)).status).toBe(204);
    expect(await json(operator('GET', path))).toMatchObject({ SPEED: 1 });
    await operator('PATCH', path, { SPEED: 4 });
    for (const key of await keys()) expect(saved).not.toContain(key);
  });

  it('DELETE /units removes a unit with its nodes', async () => {
    const { instance, unit, operator, own } = await startInstanceWithUnit();
    expect((await operator('DELETE', `/units/${unit.uuid}`)).status).toBe(204);
    expect((await own('GET', `/units/env/${unit.uuid}`)).status).toBe(422);
    expect((await operator('GET', `/unit_nodes/${unit.node('set/pepeunit')}`)).status).toBe(422);
    await expect(connectUnit(instance.mqttUrl, unit.token)).rejects.toThrow('Not authorized');
    expect((await operator('DELETE', `/units/${unit.uuid}`)).status).toBe(422);
  });

  it.each(['EnvUpdate', 'SchemaUpdate', 'LogSync', 'Reset'] as const)('sends %s to the base topic', async (command) => {
    const { instance, unit, operator, of } = await startInstanceWithUnit();
    const keys = { EnvUpdate: 'env_update', SchemaUpdate: 'schema_update', LogSync: 'log_sync', Reset: 'reset' };
    const topic = unit.topic(`${keys[command]}/pepeunit`);
    const link = await connectUnit(instance.mqttUrl, unit.token);
    await link.subscribe(topic);
    const path = `/units/send_command_to_input_base_topic/${unit.uuid}`;
    expect((await operator('POST', `${path}?command=${command}`)).status).toBe(204);
    await until(() => link.received.length === 1);
    expect(link.received).toEqual([{ topic, text: JSON.stringify({ COMMAND: command }) }]);
    expect(of('command')).toEqual([{ type: 'command', unit: unit.uuid, command, payload: { COMMAND: command } }]);
    for (const query of ['', '?command=', '?command=Reboot']) {
      expect((await operator('POST', `${path}${query}`)).status).toBe(422);
    }
  });

  it('answers 204 to a command that the schema has no topic for, and sends nothing', async () => {
    const { instance, operator, of } = await startInstanceWithUnit();
    const bare = '{"input_base_topic":[],"output_base_topic":[],"input_topic":["a"],"output_topic":["b"]}';
    const unit = await addUnit(instance, { folder: await createProgramFolder({ 'schema_example.json': bare }) });
    const path = `/units/send_command_to_input_base_topic/${unit.uuid}?command=Update`;
    expect((await operator('POST', path)).status).toBe(204);
    expect(of('command')).toEqual([]);
    expect(await instance.operator.createEdge(unit.node('b'), unit.node('a'))).toMatchObject({
      node_input_uuid: unit.node('a'),
    });
  });
});
