import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startHttpServer, type HttpServer } from '../../support/http-server.ts';
import { startProgramServer, type ProgramServer } from '../../support/program-server.ts';
import { createYard, createSupervisedUnit, type Program, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
const servers: HttpServer[] = [];
beforeAll(async () => {
  yard = await createYard();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(() => yard.stop());

const options = (more = ''): string =>
  `update: { program: 'main.js', allowHttp: true, healthTimeoutMs: 20_000, selfTest: { args: ['--self-test'] }, ${more} },`;
const old: Program = { label: 'old', options: options() };
/** A program in one file that can be executed, and that passes its self-test. */
const executable = (label: string, selfTest = 0): Program => ({
  label,
  options: options(),
  first: `#!/usr/bin/env node\nif (process.argv.includes('--self-test')) process.exit(${selfTest});`,
});

type Unit = Awaited<ReturnType<typeof createSupervisedUnit>>;

/** Builds a program of some megabytes, and offers it behind a host that redirects to the one that has it. */
const release = async (unit: Unit, name: string, program: Program) => {
  await unit.add(program);
  const built = await readFile(join(yard.root, 'versions', name, program.label, 'main.js'));
  const body = Buffer.concat([built, Buffer.from(`\n// ${'padding '.repeat(500_000)}\n`)]);
  const host = await startProgramServer(body);
  const front = await startHttpServer((_, response) => {
    response.writeHead(302, { location: `${host.origin}/releases/${program.label}?signature=secret` }).end();
  });
  servers.push(host, front);
  const folder = join(yard.root, 'compiled', name, program.label);
  await mkdir(folder, { recursive: true });
  for (const document of ['env_example.json', 'schema_example.json']) {
    await writeFile(join(folder, document), await readFile(join(yard.root, 'versions', name, program.label, document)));
  }
  const compiledFirmwareLink = `${front.origin}/download/${program.label}`;
  const { commit } = await yard.instance.operator.addVersion(unit.uuid, { folder, compiledFirmwareLink });
  return { body, commit, host, front };
};

const seen = (...hosts: readonly HttpServer[]) => hosts.flatMap(({ requests }) => requests);
const ranges = (host: ProgramServer) => host.requests.flatMap(({ headers }) => headers.range ?? []);

test('a compiled update goes on after a cut connection and a kill, and the token goes to neither host (U10, U16, C14)', async () => {
  const unit = await createSupervisedUnit(yard, 'compiled', old);
  unit.run('--grace', '2');
  await unit.hears('old', 'online');
  const before = await readFile(join(unit.folder, 'main.js'), 'utf8');
  const { body, commit, host, front } = await release(unit, 'compiled', executable('new'));
  host.serving.pauseMs = 100;
  await unit.update(commit);
  const downloads = join(unit.folder, '.pepeunit', 'downloads');
  await unit.waitFor('a part is on disk', async () => {
    const names = await readdir(downloads).catch(() => []);
    return names.some((name) => name.endsWith('.json'));
  });
  const starts = () => unit.said().filter(({ label, said }) => label === 'old' && said === 'online').length;
  process.kill(unit.said().at(-1)?.pid ?? 0, 'SIGKILL');
  await unit.waitFor('the old version is back', () => starts() === 2);
  expect(await readFile(join(unit.folder, 'main.js'), 'utf8')).toBe(before);

  host.serving.pauseMs = 0;
  host.serving.cutAfter = 1_500_000;
  await unit.update(commit);
  await unit.hears('new', 'updateConfirmed');
  expect((await readFile(join(unit.folder, 'main.js'))).equals(body)).toBe(true);
  expect(ranges(host).length).toBeGreaterThanOrEqual(2);
  expect(ranges(host).every((range) => /^bytes=[1-9]\d*-$/.test(range))).toBe(true);
  expect(JSON.parse(await readFile(join(unit.folder, 'env.json'), 'utf8'))).toMatchObject({
    PU_COMMIT_VERSION: commit,
  });

  const { PU_AUTH_TOKEN: token } = JSON.parse(await readFile(join(unit.folder, 'env.json'), 'utf8')) as {
    PU_AUTH_TOKEN: string;
  };
  expect(JSON.stringify(seen(host, front))).not.toContain(token);
  expect(
    seen(host, front).flatMap(({ headers }) => Object.keys(headers).filter((key) => /auth|token/i.test(key))),
  ).toEqual([]);
  const own = join(unit.folder, '.pepeunit');
  const previous = (await readdir(own)).find((name) => name.startsWith('previous-')) ?? '';
  expect(await readFile(join(own, previous, 'main.js'), 'utf8')).toBe(before);
  expect(await readdir(downloads)).toEqual([]);
  await unit.stop();
});

test('a compiled unit catches up on what it was commanded while it was away, and asks for it once (M18)', async () => {
  const unit = await createSupervisedUnit(yard, 'missed', old);
  const { commit } = await release(unit, 'missed', executable('new'));
  await unit.update(commit);
  unit.run('--grace', '2');
  await unit.hears('new', 'updateConfirmed');
  expect(JSON.parse(await readFile(join(unit.folder, 'env.json'), 'utf8'))).toMatchObject({
    PU_COMMIT_VERSION: commit,
  });
  const log = await readFile(join(unit.folder, 'log.json'), 'utf8');
  expect(log.match(/The instance is asked to send the update/g)).toHaveLength(1);
  await unit.stop();
});

test('a program that fails its self-test is never put in place (U10, C10)', async () => {
  const unit = await createSupervisedUnit(yard, 'failing', old);
  unit.run('--grace', '2');
  await unit.hears('old', 'online');
  const before = await unit.tree();
  const { commit } = await release(unit, 'failing', executable('new', 3));
  await unit.update(commit);
  await unit.hears('old', 'updateFailed');
  expect(await unit.tree()).toEqual(before);
  expect(unit.hasSaid('new', 'started')).toBe(false);
  await unit.stop();
});
