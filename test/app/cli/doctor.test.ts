import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { runCli, startCli } from '../../support/cli.ts';
import { diagnose, runDoctor, startClinic, type Clinic } from '../../support/doctored-unit.ts';
import { startHttpServer } from '../../support/http-server.ts';
import { connectUnit } from '../../support/instance.ts';
import { until } from '../../support/until.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic.stop());

const checks = [
  'Node',
  'folder',
  'rights',
  'disk space',
  'env.json',
  'variables',
  'token',
  'schema.json',
  'schema owner',
  'settings',
  'topic keys',
  'program',
  'packages',
  'program links',
  'clock',
  'broker name',
  'broker port',
  'broker TLS',
  'broker login',
  'topics',
  'publishing',
  'REST name',
  'REST port',
  'REST TLS',
  'REST',
  'version',
  'outbox',
  'last update',
  'supervisor',
];

test('finds nothing wrong with a unit that is well', async () => {
  const { code, verdict, findings, of } = await diagnose(await clinic.patient(), clinic.env);
  expect({ code, verdict }).toEqual({ code: 0, verdict: 'The unit is well' });
  expect(findings.map(({ check, result }) => [check, result])).toEqual(checks.map((check) => [check, 'ok']));
  expect(of('token')?.detail).toBe(`unit ${clinic.unit.uuid}`);
  expect(of('topics')?.detail).toMatch(/^7 granted: update\/pepeunit, .*plain_in$/);
  expect(of('broker login')?.detail).toMatch(/takes the token, MQTT 5$/);
});

test('prints the same as JSON, whose names are stable', async () => {
  const { code, stdout } = await runDoctor([await clinic.patient({ PU_AUTH_TOKEN: 'none' }), '--json'], clinic.env);
  expect(code).toBe(1);
  const { ok, findings, ...more } = JSON.parse(stdout) as { ok: boolean; findings: readonly { check: string }[] };
  expect({ ok, more }).toEqual({ ok: false, more: {} });
  expect(findings[0]).toEqual({
    check: 'token',
    result: 'failed',
    detail: 'PU_AUTH_TOKEN is no JWT: three parts with dots between them, the second a JSON object.',
    remedy: "Download the unit's env from the instance again: it holds the token.",
  });
  expect(findings.at(-1)).toEqual({ check: 'version', result: 'skipped', detail: 'needs token first', remedy: null });
  expect(findings.map(({ check }) => check).toSorted()).toEqual(checks.toSorted());
});

test('prints failures, warnings, what is well and what was skipped, without colours in a pipe', async () => {
  const folder = await clinic.patient(
    { PU_MAX_LOG_LENGTH: 'many' },
    { 'package.json': '{"engines":{"node":">=99"}}', 'env_example.json': '{"LIMIT":1}' },
  );
  const { stdout, code } = await runDoctor([folder], clinic.env);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^2 problems, 1 warning\n\nfailed {3}settings {7}env\.json lacks LIMIT/);
  const order = stdout
    .split('\n')
    .map((line) => /^\w+/.exec(line)?.[0])
    .filter((word) => word !== undefined);
  expect([...new Set(order)]).toEqual(['2', 'failed', 'warning', 'ok', 'skipped']);
  expect(stdout).not.toContain('\u001b');
});

test("takes the current folder, and leaves a running unit's session and log alone", async () => {
  const { instance, unit, env } = clinic;
  const running = await connectUnit(instance.mqttUrl, clinic.token);
  const seen: unknown[] = [];
  const ends = (['connect', 'log', 'published'] as const).map((type) =>
    instance.events.on(type, (event) => void seen.push(event)),
  );
  const { code } = await diagnose('.', env, { cwd: await clinic.patient() });
  for (const end of ends) end();
  expect(code).toBe(0);
  expect(running.isOpen()).toBe(true);
  expect(seen).toMatchObject([
    { type: 'connect', clientId: expect.stringMatching(`^${unit.uuid}-doctor-[0-9a-f]{8}$`) },
    { type: 'published', key: 'log/pepeunit', denied: false },
    { type: 'log', entries: [], invalid: 0 },
  ]);
  expect(instance.operator.logList(unit.uuid).unit_logs).toEqual([]);
});

test('two at once leave each other alone', async () => {
  const { instance, env } = clinic;
  const folder = await clinic.patient();
  const ids: string[] = [];
  const end = instance.events.on('connect', ({ clientId }) => void ids.push(clientId));
  const found = await Promise.all([diagnose(folder, env), diagnose(folder, env)]);
  end();
  expect(found.map(({ verdict }) => verdict)).toEqual(['The unit is well', 'The unit is well']);
  expect(new Set(ids).size).toBe(2);
});

test('checks a broker of mqtt.brokers in place of the one of env.json', async () => {
  const { instance, env } = clinic;
  const folder = await clinic.patient({ PU_MQTT_HOST: 'nowhere.invalid' });
  const args = ['--broker', instance.webSocketUrl];
  const { code, of } = await diagnose(folder, env, { args });
  expect(code).toBe(0);
  expect(of('broker login')?.detail).toBe(`${new URL(instance.webSocketUrl).host} takes the token, MQTT 5`);

  const away = await diagnose(folder, env, { args: ['--broker', 'mqtt://127.0.0.1:1'] });
  expect(away.first).toMatchObject({ check: 'broker port', result: 'failed' });
  expect(away.first?.remedy).toMatch(/correct its URL in mqtt\.brokers/);
  expect(away.of('broker login')).toMatchObject({ result: 'skipped' });

  const { code: usage, stderr } = await runCli(['doctor', folder, '--broker', 'http://broker.local']);
  expect(usage).toBe(2);
  expect(stderr).toBe(
    'pepeunit doctor: --broker takes a URL with mqtt:, mqtts:, ws: or wss:, such as mqtts://broker.local:8883. pepeunit doctor --help says more.\n',
  );
});

test('asks a gateway with the query of its URL, and shows none of it', async () => {
  const gateway = await startHttpServer((_, response) => void response.writeHead(403).end());
  onTestFinished(gateway.stop);
  const url = `${gateway.origin.replace('http', 'ws')}/mqtt?key=canary-123`;
  const { code, stdout, stderr } = await runCli(['doctor', await clinic.patient(), '--broker', url, '--json']);
  expect(code).toBe(1);
  expect(gateway.requests.map(({ url: asked }) => asked)).toContain('/mqtt?key=canary-123');
  expect(stdout + stderr).not.toContain('canary');
});

test('tells of pepeunit run and its unit while they run', async () => {
  const folder = await clinic.patient({}, { 'main.js': 'setInterval(() => undefined, 1000);\n' });
  const run = startCli(['run', join(folder, 'main.js'), '--json', '--heartbeat', '0']);
  try {
    await until(() => run.stderr().includes('"started"'), { what: 'the start' });
    await until(async () =>
      / its unit is process \d+$/.test((await diagnose(folder, clinic.env)).of('supervisor')?.detail ?? ''),
    );
    const { verdict, of } = await diagnose(folder, clinic.env);
    expect(verdict).toBe('The unit is well');
    expect(of('supervisor')?.detail).toMatch(
      new RegExp(`^pepeunit run is process ${run.child.pid}, its unit is process \\d+$`),
    );
  } finally {
    run.child.kill('SIGTERM');
    await run.ended;
  }
});

test('warns of a version that the instance wants and the unit does not run', async () => {
  const { code, first } = await diagnose(await clinic.patient({ PU_COMMIT_VERSION: 'older' }), clinic.env);
  expect(code).toBe(0);
  expect(first).toMatchObject({ check: 'version', result: 'warning' });
  expect(first?.detail).toMatch(/^The instance wants version [0-9a-f]+, env\.json says older\.$/);
});

test('sends no command for a version that has failed here', async () => {
  const folder = await clinic.patient({ PU_COMMIT_VERSION: 'older' });
  const detail = (await diagnose(folder, clinic.env)).of('version')?.detail ?? '';
  const version = /wants version ([0-9a-f]+)/.exec(detail)?.[1];
  const failed = { version, reason: 'it did not get online' };
  await mkdir(join(folder, '.pepeunit'), { recursive: true });
  await writeFile(join(folder, '.pepeunit/update.json'), JSON.stringify({ format: 1, phase: 'settled', failed }));
  const { of } = await diagnose(folder, clinic.env);
  expect(of('version')?.remedy).toBe('It has failed here: correct the program, and update to the new version.');
  expect(of('last update')?.detail).toContain(`Version ${version} failed`);
});

test('names what is more in env.json than in its example, and no value of it', async () => {
  const { code, of } = await diagnose(await clinic.patient({ МОЁ: 'value 🔑' }), clinic.env);
  expect(code).toBe(0);
  expect(of('settings')?.detail).toBe('1 of env_example.json, and besides МОЁ');
});

test('an env.json with a byte order mark is read', async () => {
  const folder = await clinic.patient();
  await writeFile(join(folder, 'env.json'), `\uFEFF${JSON.stringify(clinic.env)}`, { mode: 0o600 });
  expect((await diagnose(folder, clinic.env)).verdict).toBe('The unit is well');
});

test('exits with 2 on wrong usage', async () => {
  for (const args of [['a', 'b'], ['--fix'], ['--ca']]) {
    const { code, stdout, stderr } = await runCli(['doctor', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^pepeunit doctor: /);
  }
});
