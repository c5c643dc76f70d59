import { once } from 'node:events';
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runCli, startCli } from '../../support/cli.ts';
import { createNewUnit, isRunning, startDev } from '../../support/dev.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { readJson, stripsTypes } from '../../support/new-unit.ts';
import { writeUnseenLock } from '../../support/unseen-lock.ts';
import { until } from '../../support/until.ts';

const edit = async (path: string, from: string, to: string) =>
  writeFile(path, (await readFile(path, 'utf8')).replace(from, to));

const pidIn = (text: string): number => Number(/process (\d+)/.exec(text)?.[1]);

describe('pepeunit dev', () => {
  test('makes the unit, runs it, passes on what one types, and starts it again when it changes', async () => {
    const folder = await createNewUnit();
    const dev = startDev(folder);
    const { unit, apiUrl } = await dev.line();
    await dev.hears(/Connected to MQTT broker/);
    const env = await readJson<Record<string, unknown>>(folder, 'env.json');
    expect(env).toMatchObject({ PU_DOMAIN: new URL(apiUrl).host, GREETING: 'Hello' });
    expect((await stat(join(folder, 'env.json'))).mode & 0o777).toBe(0o600);
    expect(await readJson(folder, 'schema.json')).toMatchObject({
      input_topic: { 'input/pepeunit': [expect.any(String)] },
    });
    expect(dev.all()).not.toContain(env['PU_AUTH_TOKEN']);

    await dev.hears(/time\/pepeunit: /);
    dev.type('send input/pepeunit Ада и Боб');
    await dev.hears(/output\/pepeunit: Hello, Ада и Боб!/);
    dev.type('env GREETING=Привет');
    await dev.hears(/Settings loaded/);
    dev.type('send input/pepeunit Ада');
    await dev.hears(/output\/pepeunit: Привет, Ада!/);

    await edit(join(folder, 'greeter.js'), '!`', '!!`');
    await dev.hears(/greeter\.js changed: starting the program again/);
    await dev.hears(/time\/pepeunit: /);
    dev.type('send input/pepeunit Ада');
    await dev.hears(/output\/pepeunit: Привет, Ада!!/);

    await edit(join(folder, 'schema_example.json'), '"input/pepeunit"', '"input/pepeunit", "more/pepeunit"');
    await dev.hears(/schema_example\.json changed/);
    await dev.hears(/Subscribed to 7 topics/);
    dev.type('send nothing x');
    await dev.hears(/The unit's Inputs: input\/pepeunit, more\/pepeunit\./);
    const second = await runCli(['dev'], { cwd: folder });
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(
      /^pepeunit dev: ProcessError \(taken\): Another pepeunit dev runs this unit \(process \d+\)\./,
    );
    dev.type('sned');
    await dev.hears(/There is no "sned"\. Type help\./);

    const pid = pidIn(
      dev
        .all()
        .match(/process \d+/g)
        ?.at(-1) ?? '',
    );
    dev.child.kill('SIGINT');
    expect(await dev.ended).toMatchObject({ code: 0 });
    expect(isRunning(pid)).toBe(false);

    const again = startDev(folder);
    expect(await again.line()).toMatchObject({ unit });
    await again.hears(/Connected to MQTT broker/);
    again.type('quit');
    expect(await again.ended).toMatchObject({ code: 0 });
  });

  test('update tries the folder on the version before: confirmed when it works, rolled back when it does not', async () => {
    const folder = await createNewUnit();
    const dev = startDev(folder);
    await dev.hears(/time\/pepeunit: /);
    dev.type('update');
    await dev.hears(/the folder is version [0-9a-f]{8} already/);

    const program = join(folder, 'greeter.js');
    await edit(program, '!`', '!!`');
    await dev.hears(/greeter\.js changed/);
    await dev.hears(/time\/pepeunit: /);
    dev.type('update');
    await dev.hears(/on trial, start 1/);
    await dev.hears(/version [0-9a-f]{8} works: the update is confirmed/);
    await dev.hears(/started the unit/);
    await dev.hears(/time\/pepeunit: /);
    dev.type('send input/pepeunit Ада');
    await dev.hears(/Hello, Ада!!/);
    expect(dev.all()).not.toContain('gave way');

    await appendFile(program, 'throw new Error("broken");\n');
    await dev.hears(/the unit ended with code 1/);
    dev.type('send input/pepeunit Ада');
    await dev.hears(/The unit is not online, and would not get it\./);
    dev.type('update');
    await dev.hears(/version [0-9a-f]{8} was rolled back to [0-9a-f]{8}: /);
    await dev.hears(/version [0-9a-f]{8} runs on, until a file changes or you type restart/);
    await dev.hears(/time\/pepeunit: /);
    dev.type('send input/pepeunit Ада');
    await dev.hears(/Hello, Ада!!/);
    // The folder is the developer's: nothing of it is rolled back.
    expect(await readFile(program, 'utf8')).toContain('broken');
    dev.type('restart');
    await dev.hears(/Error: broken/);
    await edit(program, 'throw new Error("broken");\n', '');
    await dev.hears(/time\/pepeunit: /);
  });

  test('what was saved just before an update that fails does not end the version that runs on', async () => {
    const folder = await createNewUnit();
    const dev = startDev(folder);
    await dev.hears(/time\/pepeunit: /);
    await appendFile(join(folder, 'greeter.js'), 'throw new Error("broken");\n');
    dev.type('update');
    await dev.hears(/version [0-9a-f]{8} was rolled back to [0-9a-f]{8}: /);
    await dev.hears(/version [0-9a-f]{8} runs on/);
    await dev.hears(/time\/pepeunit: /);
    dev.type('send input/pepeunit Ада');
    await dev.hears(/Hello, Ада!/);
    expect(dev.all().split('runs on, ').at(-1)).not.toContain('changed');
  });

  test('update says at once that the unit refuses it, and why; the version before runs on', async () => {
    const folder = await createNewUnit();
    const dev = startDev(folder);
    await dev.hears(/time\/pepeunit: /);
    await edit(join(folder, 'package.json'), '"dependencies": {', '"dependencies": {\n    "no-such-words": "1.0.0",');
    await dev.hears(/package\.json changed/);
    await dev.hears(/time\/pepeunit: /);
    dev.type('update');
    expect(await dev.hears(/version [0-9a-f]{8} was refused by the unit: .*/)).toContain('no-such-words@1.0.0');
    await dev.hears(/version [0-9a-f]{8} runs on/);
    dev.type('send input/pepeunit Ада');
    await dev.hears(/Hello, Ада!/);
    await edit(join(folder, 'package.json'), '"no-such-words": "1.0.0",', '');
    await dev.hears(/package\.json changed: starting the program again/);
    await dev.hears(/time\/pepeunit: /);
  });

  test('a file of the folder that it prints to is no part of the program', async () => {
    const folder = await createNewUnit();
    const file = join(folder, 'журнал 📜');
    await writeFile(file, '');
    const run = startCli(['dev'], {
      cwd: folder,
      stdin: 'pipe',
      within: ['sh', '-c', 'exec "$0" "$@" >"журнал 📜" 2>&1'],
    });
    onTestFinished(async () => {
      run.child.kill('SIGTERM');
      await run.ended;
    });
    const prints = (wanted: RegExp, times = 1) =>
      until(async () => ((await readFile(file, 'utf8')).match(wanted) ?? []).length >= times, {
        what: `${String(wanted)} in the file`,
      });
    await prints(/time\/pepeunit: /g, 4);
    run.child.stdin?.write('update\n');
    await prints(/the folder is version [0-9a-f]{8} already/);
    await edit(join(folder, 'greeter.js'), '!`', '!!`');
    await prints(/greeter\.js changed/);
    expect(await readFile(file, 'utf8')).not.toMatch(/журнал.* changed/);
  });

  test('leaves nothing running when it is killed, and works the next time', async () => {
    const folder = await createNewUnit();
    const dev = startDev(folder);
    const { unit } = await dev.line();
    const pid = pidIn(await dev.hears(/started the unit, process \d+/));
    await dev.hears(/Connected to MQTT broker/);
    dev.child.kill('SIGKILL');
    await once(dev.child, 'close');
    await until(() => !isRunning(pid), { what: 'the end of the unit' });
    const again = startDev(folder);
    expect(await again.line()).toMatchObject({ unit });
    await again.hears(/Connected to MQTT broker/);
  });

  test('works after it was killed in a container that is gone, and says what it waits for until then', async () => {
    const folder = await createNewUnit();
    const own = join(folder, '.pepeunit/dev');
    await writeUnseenLock(join(own, 'dev.json'));
    const dev = startDev(folder);
    await dev.hears(/pepeunit dev: .*мой юнит 🚀\/.pepeunit\/dev is locked by process 7, .* Waiting up to 16 s/);
    expect(dev.stdout()).toBe('');
    await dev.hears(/Subscribed/);
  });

  test('leaves the env.json of another instance alone', async () => {
    const folder = await createNewUnit();
    const claims = Buffer.from('{"uuid":"36210032-a715-47db-a5e9-dd6a0825a784"}').toString('base64url');
    const env = JSON.stringify({ PU_AUTH_TOKEN: `e30.${claims}.c2ln`, PU_DOMAIN: 'unit.example.com' });
    await writeFile(join(folder, 'env.json'), env);
    const { code, stderr } = await runCli(['dev'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^pepeunit dev: SettingsError \(invalid\): .*env\.json is of a unit of another instance, .*\n$/,
    );
    expect(await readFile(join(folder, 'env.json'), 'utf8')).toBe(env);
  });

  test('a folder without a program is a usage error', async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await runCli(['dev', folder]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^pepeunit dev: .* has no main\.js, .*\n$/);
    await rm(folder, { recursive: true });
    expect(await runCli(['dev', folder])).toMatchObject({ code: 2 });
  });
});

describe('a unit in TypeScript', () => {
  test.runIf(stripsTypes)('runs as it is, and survives its updates', async () => {
    const folder = await createNewUnit('--typescript');
    const dev = startDev(folder);
    await dev.hears(/time\/pepeunit: /);
    await edit(join(folder, 'greeter.ts'), '!`', '!!`');
    await dev.hears(/greeter\.ts changed/);
    await dev.hears(/time\/pepeunit: /);
    dev.type('update');
    await dev.hears(/version [0-9a-f]{8} works: the update is confirmed/);
    await dev.hears(/started the unit/);
    await dev.hears(/time\/pepeunit: /);
    dev.type('send input/pepeunit Ада');
    expect(await dev.hears(/Hello, Ада!!/)).toBeDefined();
  });

  test.runIf(!stripsTypes).each(['run', 'dev'])(
    'is refused by %s in one line on a Node that runs none',
    async (name) => {
      const folder = await temporaryFolder();
      await writeFile(join(folder, 'main.ts'), '');
      const { code, stdout, stderr } = await runCli([name, 'main.ts'], { cwd: folder });
      expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
      expect(stderr).toBe(
        `pepeunit ${name}: ${join(folder, 'main.ts')} is TypeScript, which Node ${process.versions.node} does not run. Use Node 22.18 or newer.\n`,
      );
    },
  );
});

describe('pepeunit run', () => {
  test('runs the program that package.json names, without being told', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'package.json'), '{"main":"lamp.js","type":"module"}');
    await writeFile(join(folder, 'lamp.js'), 'console.log("the lamp");');
    expect(await runCli(['run', '--without-env'], { cwd: folder })).toMatchObject({ code: 0, stdout: 'the lamp\n' });
    await rm(join(folder, 'lamp.js'));
    expect(await runCli(['run'], { cwd: folder })).toMatchObject({ code: 2, stdout: '' });
  });
});
