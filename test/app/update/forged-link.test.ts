import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProgramServer } from '../../support/program-server.ts';
import { createSupervisedUnit, createYard, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

interface Documents {
  readonly PU_AUTH_TOKEN: string;
  readonly input_base_topic: Readonly<Record<string, readonly string[]>>;
}

const documentIn = async (folder: string, name: string): Promise<Documents> =>
  JSON.parse(await readFile(join(folder, name), 'utf8')) as Documents;

test(
  'a link that somebody adds to the command of a script unit is not followed; the update goes on (U22, C14)',
  { timeout: 120_000 },
  async () => {
    // It does not ask for its target, so that the command alone begins the update.
    const options = 'ffVersionCheckEnable: false, update: { allowHttp: true },';
    const unit = await createSupervisedUnit(yard, 'forged', { label: 'one', options });
    const commit = await unit.add({ label: 'two', options });
    await unit.update(commit);
    unit.run('--grace', '2');
    await unit.hears('one', 'online');
    const evil = await startProgramServer(Buffer.from('#!/usr/bin/env node\nconsole.log("foreign code");\n'));
    const { PU_AUTH_TOKEN: username } = await documentIn(unit.folder, 'env.json');
    const { input_base_topic: topics } = await documentIn(unit.folder, 'schema.json');
    const sender = await connectAsync(yard.instance.mqttUrl, {
      username,
      password: '',
      clientId: `${unit.uuid}-between`,
    });
    const forged = { COMMAND: 'Update', PU_COMMIT_VERSION: commit, COMPILED_FIRMWARE_LINK: `${evil.origin}/main.js` };
    await sender.publishAsync(topics['update/pepeunit']?.[0] ?? '', JSON.stringify(forged), { qos: 1 });
    await unit.hears('two', 'updateConfirmed');
    expect(evil.requests).toEqual([]);
    expect(await readFile(join(unit.folder, 'main.js'), 'utf8')).toContain("label: 'two'");
    await unit.waitFor('the log tells', () =>
      unit.log().some((line) => line.startsWith(`Warning: The program's link in the command for ${commit} is ignored`)),
    );
    await sender.endAsync();
    await evil.stop();
    await unit.stop();
  },
);
