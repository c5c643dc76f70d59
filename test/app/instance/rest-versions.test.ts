import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import {
  addUnit,
  connectUnit,
  programFiles,
  createProgramFolder,
  nobody,
  json,
  startInstanceWithUnit,
} from '../../support/instance.ts';
import { writeFiles } from '../../support/folder.ts';

describe('a new version', () => {
  it('moves a unit to a new version: target, command, env and nodes', async () => {
    const { instance, unit, operator, own } = await startInstanceWithUnit();
    const folder = await createProgramFolder({
      'main.py': 'print("two")\n',
      'schema_example.json': await grownSchema(),
    });
    const first = instance.operator.getTargetVersion(unit.uuid).commit;
    const added = (await json(operator('POST', `/units/${unit.uuid}/versions`, { folder }))) as { commit: string };
    expect(added.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(added.commit).not.toBe(first);
    expect(instance.operator.getTargetVersion(unit.uuid).commit).toBe(first);

    const link = await connectUnit(instance.mqttUrl, unit.token);
    await link.subscribe(unit.topic('update/pepeunit'));
    const path = `/units/send_command_to_input_base_topic/${unit.uuid}?command=Update`;
    expect((await operator('POST', path)).status).toBe(204);
    await until(() => link.received.length === 1);
    expect(link.received[0]?.text).toBe(JSON.stringify({ COMMAND: 'Update', PU_COMMIT_VERSION: added.commit }));
    expect(await json(own('GET', `/units/get_target_version/${unit.uuid}`))).toMatchObject({ commit: added.commit });
    expect(await json(own('GET', `/units/env/${unit.uuid}`))).toMatchObject({ PU_COMMIT_VERSION: added.commit });
    const row = instance.operator.getUnit(unit.uuid);
    expect(row).toMatchObject({ firmware_update_status: 'RequestSent', repo_commit: null });
    const nodes = Object.fromEntries(row.unit_nodes.map((node) => [node.topic_name, node.uuid]));
    expect(Object.keys(nodes).toSorted()).toEqual(['new_in', 'out/pepeunit', 'set/pepeunit']);
    expect(nodes['set/pepeunit']).toBe(unit.node('set/pepeunit'));

    expect((await operator('POST', `${path}&commit=${first}`)).status).toBe(204);
    expect(instance.operator.getTargetVersion(unit.uuid).commit).toBe(first);
    expect((await operator('POST', `${path}&commit=unknown`)).status).toBe(422);

    await until(() => link.received.length === 2);
    for (const query of ['', `&commit=${added.commit}`])
      expect((await own('POST', `${path}${query}`)).status).toBe(204);
    await until(() => link.received.length === 4);
    const asked = link.received.slice(2).map(({ text }) => JSON.parse(text) as object);
    expect(asked, 'a unit gets its target, whichever it asks for').toEqual(
      asked.map(() => ({ COMMAND: 'Update', PU_COMMIT_VERSION: first })),
    );
    expect(instance.operator.getTargetVersion(unit.uuid).commit).toBe(first);
  });

  it('makes the same commit of the same contents, and a version of them only once in a row', async () => {
    const { instance, unit } = await startInstanceWithUnit();
    const [one, two] = [await createProgramFolder(), await createProgramFolder()];
    const first = instance.operator.getTargetVersion(unit.uuid).commit;
    expect((await instance.operator.addVersion(unit.uuid, { folder: one })).commit).toBe(first);
    await writeFiles(two, { '.git/config': 'left out', 'env.json': '{}', 'log.json': '' });
    expect((await instance.operator.addVersion(unit.uuid, { folder: two })).commit).toBe(first);
    await writeFile(join(two, 'main.py'), 'changed');
    expect((await instance.operator.addVersion(unit.uuid, { folder: two })).commit).not.toBe(first);
    await expect(instance.operator.addVersion(nobody, { folder: one })).rejects.toMatchObject({ code: 'notFound' });
  });

  it('names the binary of a compilable unit in the command', async () => {
    const { instance, of } = await startInstanceWithUnit();
    const compiledFirmwareLink = 'https://example.org/fan.bin';
    const unit = await addUnit(instance, { compiledFirmwareLink });
    await instance.operator.sendCommand(unit.uuid, 'Update');
    expect(of('command')[0]?.payload).toEqual({
      COMMAND: 'Update',
      PU_COMMIT_VERSION: instance.operator.getTargetVersion(unit.uuid).commit,
      COMPILED_FIRMWARE_LINK: compiledFirmwareLink,
    });
    const names = (await instance.operator.getFirmware(unit.uuid)).map(({ path }) => path);
    expect(names).toEqual(['env.json', 'schema.json']);
  });
});

const grownSchema = async (): Promise<string> => {
  const schema = JSON.parse(programFiles()['schema_example.json'] ?? '{}') as Record<string, string[]>;
  return JSON.stringify({ ...schema, input_topic: ['set/pepeunit', 'new_in'], output_topic: ['out/pepeunit'] });
};
