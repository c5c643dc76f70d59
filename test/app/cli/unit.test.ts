import { createHmac } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startInstance, type Instance, type UnitRow } from '../../../app/instance/index.ts';
import type { JsonObject } from '../../../services/json.ts';
import { until } from '../../support/until.ts';
import { runCli } from '../../support/cli.ts';
import { createFolder, type Folder } from '../../support/folder.ts';

let folder: Folder;
let instance: Instance;
let unit: UnitRow;
let env: JsonObject;
let schema: JsonObject;
let home: string;

const writeUnit = async (path: string, changes: JsonObject = {}): Promise<string> => {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'env.json'), JSON.stringify({ ...env, ...changes }), { mode: 0o600 });
  await writeFile(join(path, 'schema.json'), JSON.stringify(schema));
  return path;
};

beforeAll(async () => {
  folder = await createFolder();
  const source = join(folder.path, 'source');
  await runCli(['init', source]);
  instance = await startInstance();
  unit = await instance.operator.createUnit({ name: 'first', folder: source });
  env = await instance.operator.getEnv(unit.uuid);
  schema = instance.operator.getSchema(unit.uuid);
  home = await writeUnit(join(folder.path, 'home'));
});

afterAll(async () => {
  await instance.stop();
  await folder.remove();
});

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const foreignToken = (): string => {
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ uuid: unit.uuid, type: 'Unit' })}`;
  return `${body}.${createHmac('sha256', 'another instance').update(body).digest('base64url')}`;
};

describe('pepeunit init', () => {
  test('writes a unit that runs as it is', async () => {
    const { operator, events } = instance;
    const made = await operator.createUnit({ name: 'made', folder: join(folder.path, 'source') });
    const path = join(folder.path, 'made');
    expect((await runCli(['init', path])).code).toBe(0);
    await writeFile(join(path, 'env.json'), JSON.stringify(await operator.getEnv(made.uuid)));
    await writeFile(join(path, 'schema.json'), JSON.stringify(operator.getSchema(made.uuid)));
    await mkdir(join(path, 'node_modules'));
    await symlink(resolve(import.meta.dirname, '../../..'), join(path, 'node_modules/pepeunit-client'));
    const seen = new Set<string | undefined>();
    const end = events.on('published', ({ unit: uuid, key }) => void (uuid === made.uuid && seen.add(key)));
    const program = spawn(process.execPath, ['main.js'], { cwd: path, stdio: 'ignore' });
    const exited = once(program, 'exit');
    try {
      await until(() => seen.has('state/pepeunit') && seen.has('time/pepeunit'), { what: 'the first messages' });
    } finally {
      program.kill('SIGTERM');
      end();
    }
    expect(await exited).toEqual([0, null]);
  });
});

describe('pepeunit publish', () => {
  test('publishes at QoS 1 as the unit', async () => {
    const seen: { unit: string | undefined; key: string | undefined; text: string; qos: number }[] = [];
    const clientIds: string[] = [];
    const ends = [
      instance.events.on('connect', ({ clientId }) => void clientIds.push(clientId)),
      instance.events.on('published', ({ unit: uuid, key, payload, qos }) => {
        seen.push({ unit: uuid, key, text: Buffer.from(payload).toString(), qos });
      }),
    ];
    const { code, stdout } = await runCli(['publish', 'output/pepeunit', 'häl lo', '--folder', home, '--json']);
    await until(() => seen.length > 0, { what: 'the message' });
    ends.forEach((end) => end());
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      key: 'output/pepeunit',
      topics: (schema['output_topic'] as Record<string, string[]>)['output/pepeunit'],
    });
    expect(seen).toEqual([{ unit: unit.uuid, key: 'output/pepeunit', text: 'häl lo', qos: 1 }]);
    expect(clientIds).toEqual([unit.uuid]);
  });

  test('an unknown key is an error that names the known ones', async () => {
    const { code, stdout, stderr } = await runCli(['publish', 'nothing', 'x'], { cwd: home });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'pepeunit publish: ClientError (invalid): The schema has no output topic "nothing". ' +
        'It has output/pepeunit, time/pepeunit, state/pepeunit, log/pepeunit.\n',
    );
  });

  test('a broker that refuses the unit is an error without the token', async () => {
    const token = foreignToken();
    const path = await writeUnit(join(folder.path, 'refused'), { PU_AUTH_TOKEN: token });
    const { code, stderr } = await runCli(['publish', 'output/pepeunit', 'x', '--folder', path]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^pepeunit publish: BrokerError \(credentials\): .+\n$/);
    expect(stderr).not.toContain(token);
  });

  test('its help says that it takes the session over', async () => {
    const { stdout } = await runCli(['publish', '--help']);
    expect(stdout).toContain('a running program of the same unit loses its own');
  });
});
