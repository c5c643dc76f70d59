import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packTar } from '../../../app/instance/model/archive.ts';
import { createSupervisedUnit, createYard, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

test(
  'a local archive whose version fails its trial is rolled back, and refused when it is applied again (U11, U14)',
  { timeout: 120_000 },
  async () => {
    const options = 'update: { healthTimeoutMs: 20_000, trialStarts: 1 },';
    const apply = `client.on('online', () => client.updateFromArchive(at('update.tar')).catch(({ code }) => say({ said: code })));`;
    const unit = await createSupervisedUnit(yard, 'local', { label: 'one', options, before: apply });
    const read = (name: string) => readFile(join(unit.folder, name), 'utf8');
    const program = await read('main.js');
    const bad = program.replaceAll("'one'", "'bad'").replace('trialStarts: 1', 'ready: () => false, trialStarts: 1');
    const env = JSON.stringify({ ...JSON.parse(await read('env.json')), PU_COMMIT_VERSION: 'local' });
    const files = Object.entries({ 'main.js': bad, 'env.json': env, 'schema.json': await read('schema.json') });
    const archive = await packTar(files.map(([path, text]) => ({ path, bytes: Buffer.from(text), executable: false })));
    await writeFile(join(unit.folder, 'update.tar'), archive);
    unit.run('--grace', '2');
    await unit.hears('bad', 'online');
    await unit.hears('one', 'updateRolledBack');
    await unit.hears('one', 'failedBefore');
    expect(await read('main.js')).toBe(program);
    expect(JSON.parse(await read('env.json'))).not.toMatchObject({ PU_COMMIT_VERSION: 'local' });
    await unit.stop();
  },
);
