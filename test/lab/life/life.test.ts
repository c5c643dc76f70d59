import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startNode } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { addUnit, startTestInstance } from '../../support/instance.ts';
import { openLife } from './life.ts';
import { take, type Lived } from './step.ts';
import { steps } from './steps.ts';

/** Command lines of all processes, where the system shows them. */
const commandLines = (): string[] =>
  existsSync('/proc/self/cmdline')
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => {
          try {
            return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          } catch {
            return '';
          }
        })
    : [];

test(
  'a unit lives its whole life on an embedded instance, and nothing of it is left',
  { timeout: 300_000 },
  async () => {
    const { instance, of } = await startTestInstance();
    const { token } = instance.operator;
    const life = await openLife({ target: { url: instance.httpUrl, token } });
    const lived: Lived[] = [];
    try {
      for (const step of steps) {
        const one = await take(step, life);
        lived.push(one);
        expect(commandLines().some((line) => line.includes(token))).toBe(false);
        if (one.outcome === 'failed') break;
      }
    } finally {
      await life.clear();
    }
    expect(lived.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
    expect(JSON.stringify(lived)).not.toContain(token);
    expect(instance.operator.listUnits().count).toBe(0);
    expect(of('fault')).toEqual([]);
  },
);

test('a step that fails says why, and what was made until then is removed all the same', async () => {
  const { instance } = await startTestInstance();
  const { token } = instance.operator;
  const life = await openLife({ target: { url: instance.apiUrl, token } });
  const [create, env] = steps;
  if (!create || !env) throw new Error('a life begins with these');
  expect(await take(env, life)).toMatchObject({ outcome: 'failed', saw: 'there is no writer: its step has failed' });
  expect(await take(create, life)).toMatchObject({ outcome: 'ok' });
  const { folder, uuid } = life.unit('writer');
  await instance.operator.deleteUnit(uuid);
  expect(await take(env, life)).toMatchObject({ outcome: 'failed', saw: expect.stringContaining('422') });
  // Somebody else has deleted one unit: that is told, and the rest is undone.
  await expect(life.clear()).rejects.toThrow(/^not undone: DELETE .* was answered with 422/);
  expect(instance.operator.listUnits().count).toBe(0);
  expect(existsSync(folder)).toBe(false);
});

test('units that were given are used, and keep their versions', async () => {
  const { instance } = await startTestInstance();
  const { operator } = instance;
  const given = [(await addUnit(instance)).uuid, (await addUnit(instance, { name: 'reader' })).uuid] as const;
  const before = await operator.getEnv(given[0]);
  const life = await openLife({ target: { url: instance.apiUrl, token: operator.token }, given });
  const lived: Lived[] = [];
  try {
    for (const step of steps) {
      const one = await take(step, life);
      lived.push(one);
      // Each of the others could wait as long for its effect, and hide what this one waited for.
      if (one.outcome === 'failed') break;
    }
  } finally {
    await life.clear();
  }
  expect(lived.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  const outcomes = Object.fromEntries(lived.map(({ step, outcome }) => [step, outcome]));
  const kept = { update: 'skipped', rollback: 'skipped', 'compiled unit': 'skipped' };
  expect(outcomes).toEqual({ ...Object.fromEntries(steps.map(({ name }) => [name, 'ok'])), ...kept });
  expect((await operator.getEnv(given[0]))['PU_MAX_LOG_LENGTH']).toBe(before['PU_MAX_LOG_LENGTH']);
  expect(operator.listUnits().count).toBe(2);
});

test('a life that is interrupted removes what it made, and shows no token', async () => {
  const { instance } = await startTestInstance();
  const { token } = instance.operator;
  const run = startNode(['--import', './test/lab/typescript.mjs', 'test/lab/life/main.ts'], {
    env: { PEPEUNIT_URL: instance.httpUrl, PEPEUNIT_TOKEN: token },
  });
  await until(() => run.stdout().includes('✔ env'), { what: 'two steps' });
  expect(instance.operator.listUnits().count).toBe(2);
  run.child.kill('SIGINT');
  const { code, stdout, stderr } = await run.ended;
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ ok: false });
  expect(stdout).not.toContain(token);
  expect(instance.operator.listUnits().count).toBe(0);
});

test('an operator who is none is refused, and hears so without the token', async () => {
  const { instance } = await startTestInstance();
  const life = await openLife({ target: { url: instance.apiUrl, token: 'canary.token.here' } });
  const [create] = steps;
  if (!create) throw new Error('a life begins with it');
  const lived = await take(create, life);
  expect(lived).toMatchObject({ outcome: 'failed', saw: expect.stringContaining('403') });
  expect(JSON.stringify(lived)).not.toContain('canary');
  await life.clear();
});
