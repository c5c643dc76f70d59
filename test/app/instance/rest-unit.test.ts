import { describe, expect, it } from 'vitest';
import { parseEnv } from '../../../services/env.ts';
import { parseSchema } from '../../../services/schema.ts';
import { addUnit, api, json, startInstanceWithUnit } from '../../support/instance.ts';

const inputsOf = (output: string, limit: number, offset: number) =>
  `/unit_nodes?order_by_create_date=desc&output_uuid=${output}&limit=${limit}&offset=${offset}`;

const unitsBy = (more: string) =>
  `/units?is_include_output_unit_nodes=true&order_by_unit_name=asc&order_by_create_date=desc&order_by_last_update=desc${more}`;

describe('what a unit asks for', () => {
  it('GET /units/env: every reserved variable, the example and what the operator has set', async () => {
    const { instance, unit, own } = await startInstanceWithUnit();
    const response = await own('GET', `/units/env/${unit.uuid}`);
    expect(response.headers.get('content-type')).toContain('application/json');
    const env = (await response.json()) as Record<string, unknown>;
    const { reserved, unitUuid } = parseEnv(env);
    expect(unitUuid).toBe(unit.uuid);
    expect(env).toMatchObject({
      PU_DOMAIN: new URL(instance.httpUrl).host,
      PU_HTTP_TYPE: 'http',
      PU_APP_PREFIX: '/pepeunit',
      PU_API_ACTUAL_PREFIX: '/api/v1',
      PU_MQTT_HOST: '127.0.0.1',
      PU_MQTT_PORT: Number(new URL(instance.mqttUrl).port),
      PU_MQTT_PING_INTERVAL: 20,
      PU_MQTT_KEEPALIVE: 60,
      PU_STATE_SEND_INTERVAL: 300,
      PU_MIN_LOG_LEVEL: 'Debug',
      PU_MAX_LOG_LENGTH: 64,
      PU_COMMIT_VERSION: instance.operator.getTargetVersion(unit.uuid).commit,
      PUC_WIFI_SSID: '',
      SPEED: 1,
    });
    expect(Buffer.from(reserved.PU_SECRET_KEY, 'base64')).toHaveLength(32);
    expect(Buffer.from(reserved.PU_ENCRYPT_KEY, 'base64')).toHaveLength(32);
    expect(reserved.PU_SECRET_KEY).not.toBe(reserved.PU_ENCRYPT_KEY);
    const claims: unknown = JSON.parse(Buffer.from(reserved.PU_AUTH_TOKEN.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toEqual({ uuid: unit.uuid, type: 'Unit' });
    await instance.operator.setEnv(unit.uuid, {});
    const saved = await json(own('GET', `/units/env/${unit.uuid}`));
    expect(await json(own('GET', `/units/env/${unit.uuid}`))).toEqual(saved);
  });

  it('GET /units/get_current_schema: the four sections with their topics', async () => {
    const { instance, unit, own } = await startInstanceWithUnit();
    const schema = await json(own('GET', `/units/get_current_schema/${unit.uuid}`));
    const { domain } = instance;
    const base = (section: string, key: string) => [`${domain}/${section}/${unit.uuid}/${key}`];
    expect(parseSchema(schema)).toEqual(schema);
    expect(schema).toEqual({
      input_base_topic: {
        'update/pepeunit': base('input_base_topic', 'update/pepeunit'),
        'env_update/pepeunit': base('input_base_topic', 'env_update/pepeunit'),
        'schema_update/pepeunit': base('input_base_topic', 'schema_update/pepeunit'),
        'log_sync/pepeunit': base('input_base_topic', 'log_sync/pepeunit'),
        'reset/pepeunit': base('input_base_topic', 'reset/pepeunit'),
      },
      output_base_topic: {
        'state/pepeunit': base('output_base_topic', 'state/pepeunit'),
        'log/pepeunit': base('output_base_topic', 'log/pepeunit'),
      },
      input_topic: {
        'set/pepeunit': [`${domain}/${unit.node('set/pepeunit')}/pepeunit`],
        plain_in: [`${domain}/${unit.node('plain_in')}`],
      },
      output_topic: {
        'out/pepeunit': [`${domain}/${unit.node('out/pepeunit')}/pepeunit`],
        plain_out: [`${domain}/${unit.node('plain_out')}`],
      },
    });
  });

  it('GET /units/get_target_version: the commit, 40 hex digits', async () => {
    const { unit, own } = await startInstanceWithUnit();
    expect(await json(own('GET', `/units/get_target_version/${unit.uuid}`))).toEqual({
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      tag: null,
    });
  });

  it.each([
    '',
    'text',
    ' \n\t"quoted" \\ \0 {"a":1}',
    '\ud800 lonely',
    'жук 🪲',
    'x'.repeat(1_000_000),
    '🪲'.repeat(1_000_000),
  ])('state storage gives back what was set (case %#)', async (state) => {
    const { unit, own } = await startInstanceWithUnit();
    const set = await own('POST', `/units/set_state_storage/${unit.uuid}`, { state });
    expect(set.status).toBe(204);
    expect(await set.text()).toBe('');
    const get = await own('GET', `/units/get_state_storage/${unit.uuid}`);
    expect(await get.text()).toBe(JSON.stringify(state));
  });

  it('state storage: nothing stored is an empty text, an empty text clears, and the bound holds', async () => {
    const { unit, own } = await startInstanceWithUnit();
    const path = `/units/set_state_storage/${unit.uuid}`;
    const stored = () => json(own('GET', `/units/get_state_storage/${unit.uuid}`));
    expect(await stored()).toBe('');
    await own('POST', path, { state: 'kept' });
    for (const body of [{ state: 'x'.repeat(1_000_001) }, { state: 1 }, {}, [], '{"state":', '"text"']) {
      const response = await own('POST', path, body);
      expect(response.status).toBe(422);
      expect(await response.json()).toEqual({ detail: expect.anything() });
    }
    expect((await own('POST', path, { state: 'x'.repeat(17_000_000) })).status).toBe(413);
    expect(await stored()).toBe('kept');
    await own('POST', path, { state: '' });
    expect(await stored()).toBe('');
  });

  it('GET /unit_nodes: the inputs linked to an output, in pages', async () => {
    const { instance, unit, own } = await startInstanceWithUnit();
    const readers = [await addUnit(instance, { name: 'r1' }), await addUnit(instance, { name: 'r2' })];
    for (const reader of readers) {
      await instance.operator.createEdge(unit.node('out/pepeunit'), reader.node('set/pepeunit'));
    }
    const all = (await json(own('GET', inputsOf(unit.node('out/pepeunit'), 10, 0)))) as {
      count: number;
      unit_nodes: { uuid: string }[];
    };
    expect(all.count).toBe(2);
    expect(new Set(all.unit_nodes.map(({ uuid }) => uuid))).toEqual(
      new Set(readers.map((reader) => reader.node('set/pepeunit'))),
    );
    expect(all.unit_nodes[0]).toEqual({
      uuid: expect.any(String),
      type: 'Input',
      visibility_level: 'Public',
      is_rewritable_input: false,
      max_connections: 10,
      topic_name: 'set/pepeunit',
      state: null,
      unit_uuid: expect.any(String),
      creator_uuid: expect.any(String),
      create_datetime: expect.any(String),
      last_update_datetime: expect.any(String),
      is_data_pipe_active: false,
      data_pipe_yml: '',
      data_pipe_status: 'Inactive',
      data_pipe_error: null,
    });
    expect(await json(own('GET', inputsOf(unit.node('out/pepeunit'), 1, 1)))).toEqual({
      count: 2,
      unit_nodes: [all.unit_nodes[1]],
    });
    expect(await json(own('GET', inputsOf(unit.node('plain_out'), 10, 0)))).toEqual({ count: 0, unit_nodes: [] });
    expect((await own('GET', inputsOf('nonsense', 10, 0))).status).toBe(422);
    expect((await own('GET', inputsOf(unit.node('plain_out'), -1, 0))).status).toBe(422);
  });

  it('GET /units: the units that own these nodes, with those nodes alone', async () => {
    const { instance, unit, own } = await startInstanceWithUnit();
    const other = await addUnit(instance, { name: 'another' });
    const hidden = await addUnit(instance, { name: 'hidden', visibilityLevel: 'Private' });
    const nodes = [unit.node('out/pepeunit'), other.node('set/pepeunit'), hidden.node('set/pepeunit')];
    const found = (await json(
      own('GET', unitsBy(`&limit=10&offset=0${nodes.map((uuid) => `&unit_node_uuids=${uuid}`).join('')}`)),
    )) as { count: number; units: { name: string; unit_nodes: { uuid: string }[] }[] };
    expect(found.count).toBe(2);
    expect(found.units.map(({ name, unit_nodes: owned }) => [name, owned.map(({ uuid }) => uuid)])).toEqual([
      ['another', [other.node('set/pepeunit')]],
      ['fan', [unit.node('out/pepeunit')]],
    ]);
    expect(found.units[1]).toMatchObject({
      uuid: unit.uuid,
      visibility_level: 'Public',
      is_auto_update_from_repo_unit: true,
      repo_branch: null,
      current_commit_version: null,
      unit_state: null,
      firmware_update_status: null,
      firmware_update_error: null,
    });
    expect(await json(own('GET', unitsBy('&limit=1&offset=1')))).toMatchObject({ count: 2, units: [{ name: 'fan' }] });
    expect(await json(own('GET', '/units?order_by_unit_name=desc'))).toMatchObject({
      units: [{ name: 'fan', unit_nodes: [] }, { name: 'another' }],
    });
    const all = await json(api(instance, instance.operator.token)('GET', '/units'));
    expect(all).toMatchObject({ count: 3 });
  });
});
