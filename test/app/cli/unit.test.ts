import { createHmac } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startInstance, type Instance, type UnitRow } from '../../../app/instance/index.ts';
import type { JsonObject } from '../../../services/json.ts';
import { until } from '../../support/until.ts';
import { runCli } from '../../support/cli.ts';
import { createFolder, type Folder } from '../../support/folder.ts';

interface Findings {
  readonly ok: boolean;
  readonly findings: readonly { readonly check: string; readonly result: string; readonly detail: string }[];
}

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

const diagnose = async (path: string) => {
  const { code, stdout, stderr } = await runCli(['doctor', path, '--json']);
  const { ok, findings } = JSON.parse(stdout) as Findings;
  const results = Object.fromEntries(findings.map(({ check, result }) => [check, result]));
  const details = Object.fromEntries(findings.map(({ check, detail }) => [check, detail]));
  return { code, ok, results, details, all: stdout + stderr };
};

const allOk = {
  folder: 'ok',
  'env.json': 'ok',
  token: 'ok',
  'schema.json': 'ok',
  'broker name': 'ok',
  broker: 'ok',
  'REST name': 'ok',
  REST: 'ok',
  clock: 'ok',
};

const closedPort = (): Promise<number> =>
  new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => found(port));
    });
  });

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const foreignToken = (): string => {
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ uuid: unit.uuid, type: 'Unit' })}`;
  return `${body}.${createHmac('sha256', 'another instance').update(body).digest('base64url')}`;
};

describe('pepeunit doctor', () => {
  test('finds nothing wrong with a unit that is well', async () => {
    const { code, ok, results, details } = await diagnose(home);
    expect({ code, ok, results }).toEqual({ code: 0, ok: true, results: allOk });
    expect(details['token']).toBe(`unit ${unit.uuid}`);
  });

  test('prints a table without colours when its output is no terminal', async () => {
    const { code, stdout } = await runCli(['doctor', home]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok +broker +mqtt:\/\/127\.0\.0\.1:\d+ takes the token, MQTT 5$/m);
    expect(stdout).not.toContain('\u001b');
  });

  test("leaves a running unit's session alone", async () => {
    const clientIds: string[] = [];
    const end = instance.events.on('connect', ({ clientId }) => void clientIds.push(clientId));
    await diagnose(home);
    end();
    expect(clientIds).toEqual([`${unit.uuid}-doctor`]);
  });

  test('says what is wrong when broker and REST API are not there', async () => {
    const port = await closedPort();
    const path = await writeUnit(join(folder.path, 'lonely'), { PU_DOMAIN: `127.0.0.1:${port}`, PU_MQTT_PORT: port });
    const { code, ok, results, details } = await diagnose(path);
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    expect(results).toEqual({ ...allOk, broker: 'failed', REST: 'failed', clock: 'skipped' });
    expect(details['broker']).toMatch(/127\.0\.0\.1.*Check/);
  });

  test('says what is wrong with names, tokens and schemas of others, and shows no secret', async () => {
    const token = foreignToken();
    const path = await writeUnit(join(folder.path, 'foreign'), { PU_AUTH_TOKEN: token });
    const foreign = await diagnose(path);
    expect(foreign.code).toBe(1);
    expect(foreign.results).toMatchObject({ token: 'ok', broker: 'failed', REST: 'failed' });
    expect(foreign.all).not.toContain(token);

    const broken = await writeUnit(join(folder.path, 'broken'), { PU_AUTH_TOKEN: 'secret-but-no-token' });
    const { code, results, all } = await diagnose(broken);
    expect(code).toBe(1);
    expect(results).toMatchObject({ 'env.json': 'failed', token: 'failed', 'schema.json': 'ok', broker: 'skipped' });
    expect(all).not.toContain('secret-but-no-token');

    const nameless = await writeUnit(join(folder.path, 'nameless'), { PU_MQTT_HOST: 'broker.invalid' });
    expect((await diagnose(nameless)).results).toMatchObject({ 'broker name': 'failed', broker: 'failed', REST: 'ok' });
  });

  test('warns when others may read the token', async () => {
    const path = await writeUnit(join(folder.path, 'open'));
    await chmod(join(path, 'env.json'), 0o644);
    const { code, results } = await diagnose(path);
    expect({ code, env: results['env.json'] }).toEqual({ code: 0, env: 'warning' });
  });

  test('skips what needs env.json when there is none', async () => {
    const { code, results } = await diagnose(join(folder.path, 'nowhere'));
    expect(code).toBe(1);
    expect(results).toMatchObject({ folder: 'failed', 'env.json': 'failed', token: 'skipped', clock: 'skipped' });
  });
});

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
      await until(() => seen.has('state/pepeunit') && seen.has('output/pepeunit'), { what: 'the first messages' });
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
        'It has output/pepeunit, state/pepeunit, log/pepeunit.\n',
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
