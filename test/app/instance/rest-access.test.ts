import { describe, expect, it } from 'vitest';
import { addUnit, api, nobody, startInstanceWithUnit } from '../../support/instance.ts';

/** Every row that belongs to one unit. */
const unitRows = (uuid: string): [string, string, unknown?][] => [
  ['GET', `/units/env/${uuid}`],
  ['GET', `/units/get_current_schema/${uuid}`],
  ['GET', `/units/get_target_version/${uuid}`],
  ['GET', `/units/firmware/tgz/${uuid}`],
  ['GET', `/units/firmware/tar/${uuid}`],
  ['GET', `/units/firmware/zip/${uuid}`],
  ['POST', `/units/set_state_storage/${uuid}`, { state: 'x' }],
  ['GET', `/units/get_state_storage/${uuid}`],
  ['GET', `/units/log_list/?unit_uuid=${uuid}`],
  ['POST', `/units/send_command_to_input_base_topic/${uuid}?command=EnvUpdate`],
];

describe('who may ask', () => {
  it('gives the rows of a unit to itself and to the operator, and to nobody else', async () => {
    const { instance, unit, own, operator } = await startInstanceWithUnit();
    const stranger = api(instance, (await addUnit(instance, { name: 'other' })).token);
    for (const [method, path, body] of unitRows(unit.uuid)) {
      expect([path, (await own(method, path, body)).ok]).toEqual([path, true]);
      expect([path, (await operator(method, path, body)).ok]).toEqual([path, true]);
      const refused = await stranger(method, path, body);
      expect([path, refused.status]).toEqual([path, 403]);
      expect(await refused.json()).toEqual({
        detail: '403: 1: No Access: The Unit other requesting the information does not have access to it',
      });
    }
  });

  it('answers 403 without a token of this instance, 422 for a unit that is not there and for no UUID', async () => {
    const { instance, unit, operator } = await startInstanceWithUnit();
    for (const token of [undefined, 'nonsense', `${unit.token}x`]) {
      for (const [method, path, body] of unitRows(unit.uuid)) {
        const response = await api(instance, token)(method, path, body);
        expect([path, response.status]).toEqual([path, 403]);
        expect(await response.text()).not.toContain(unit.token);
      }
    }
    for (const [method, path, body] of unitRows(nobody)) {
      expect([path, (await operator(method, path, body)).status]).toEqual([path, 422]);
    }
    for (const [method, path, body] of unitRows('nonsense')) {
      expect([path, (await operator(method, path, body)).status]).toEqual([path, 422]);
    }
    expect((await operator('GET', '/nowhere')).status).toBe(404);
    expect((await fetch(`${instance.httpUrl}/units`)).status).toBe(404);
  });

  it('keeps what an operator does from units', async () => {
    const { unit, own } = await startInstanceWithUnit();
    const rows: [string, string, unknown?][] = [
      ['POST', '/units', { name: 'x', folder: '/' }],
      ['POST', `/units/${unit.uuid}/versions`, { folder: '/' }],
      ['PATCH', `/units/env/${unit.uuid}`, { SPEED: 2 }],
      ['DELETE', `/units/env/${unit.uuid}`],
      ['DELETE', `/units/${unit.uuid}`],
      ['PATCH', `/unit_nodes/${unit.node('plain_in')}`, { max_connections: 1 }],
      ['POST', '/unit_nodes/create_unit_node_edge', {}],
      ['DELETE', '/unit_nodes/delete_unit_node_edge'],
    ];
    for (const [method, path, body] of rows) {
      expect([path, (await own(method, path, body)).status]).toEqual([path, 403]);
    }
  });

  it('shows a private unit and its nodes to itself and to the operator alone', async () => {
    const { instance, own, operator } = await startInstanceWithUnit();
    const hidden = await addUnit(instance, { name: 'hidden', visibilityLevel: 'Private' });
    for (const path of [`/units/${hidden.uuid}`, `/unit_nodes/${hidden.node('plain_in')}`]) {
      expect((await own('GET', path)).status).toBe(403);
      expect((await operator('GET', path)).status).toBe(200);
      expect((await api(instance, hidden.token)('GET', path)).status).toBe(200);
    }
    expect((await operator('GET', `/unit_nodes/${nobody}`)).status).toBe(422);
  });
});
