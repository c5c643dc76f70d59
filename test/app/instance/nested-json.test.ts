import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseJson } from '../../../app/instance/model/json-text.ts';
import { until } from '../../support/until.ts';
import { addUnit, api, connectUnit, createProgramFolder, startInstanceWithUnit } from '../../support/instance.ts';

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

test('JSON is read up to 200 levels, whatever stands in its texts', () => {
  expect(JSON.stringify(parseJson(nested(200)))).toBe(nested(200));
  expect(() => parseJson(nested(201))).toThrow(SyntaxError);
  expect(() => parseJson(`{"a":${'{"b":['.repeat(100)}`)).toThrow('deeper than 200');
  const wide = `[${Array.from({ length: 300 }, () => '[{}]').join()}]`;
  expect(parseJson(wide)).toHaveLength(300);
  const text = `\\"${'[{'.repeat(500)}\\\\`;
  expect(parseJson(`["${text}", {"}": []}]`)).toEqual([`"${'[{'.repeat(500)}\\`, { '}': [] }]);
  expect(() => parseJson('{')).toThrow(SyntaxError);
});

test.each([1_000, 6_000, 200_000])('a body nested %i deep is refused, whoever sends it (C7)', async (levels) => {
  const { instance, of, unit, operator, own } = await startInstanceWithUnit();
  const stranger = api(instance, undefined);
  const bodies = [`{"x":${nested(levels)}}`, nested(levels), `{"state":${nested(levels)}}`];
  const answers = bodies.flatMap((body) => [
    own('POST', `/units/set_state_storage/${unit.uuid}`, body),
    operator('PATCH', `/units/env/${unit.uuid}`, body),
    operator('POST', '/unit_nodes/create_unit_node_edge', body),
    operator('POST', '/units', body),
    stranger('POST', '/units/auth', body),
  ]);
  answers.push(operator('PATCH', `/units/env/${unit.uuid}`, { env_json_string: `{"SPEED":${nested(levels)}}` }));
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 422));
  expect(of('fault')).toEqual([]);
  expect((await own('GET', `/units/env/${unit.uuid}`)).status).toBe(200);
});

test('a deep state report or env_example.json is refused, and the rows of the unit are still served (C7)', async () => {
  const { instance, of, unit, operator } = await startInstanceWithUnit();
  const link = await connectUnit(instance.mqttUrl, unit.token);
  await link.client.publishAsync(unit.topic('state/pepeunit'), `{"statvfs":${nested(20_000)}}`, { qos: 1 });
  await link.client.publishAsync(unit.topic('log/pepeunit'), nested(20_000), { qos: 1 });
  await until(() => of('state').length + of('log').length === 2);
  expect(of('state')).toMatchObject([{ outcome: 'refused' }]);
  expect(of('log')).toMatchObject([{ entries: [], invalid: 1 }]);
  const folder = await createProgramFolder();
  await writeFile(join(folder, 'env_example.json'), `{"SPEED":${nested(20_000)}}`);
  await expect(addUnit(instance, { folder })).rejects.toMatchObject({ code: 'invalid' });
  expect((await operator('GET', `/units/${unit.uuid}`)).status).toBe(200);
  expect(of('fault')).toEqual([]);
});
