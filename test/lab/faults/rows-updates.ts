import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { connectAsync } from 'mqtt';
import { writeFiles } from '../../support/folder.ts';
import { sendJson, startHttpServer } from '../../support/http-server.ts';
import { startProgramServer } from '../../support/program-server.ts';
import { createSupervisedUnit, createYard, type Program, type YardUnit } from '../../support/supervised-unit.ts';
import { tarOf } from '../../support/tar.ts';
import { until } from '../../support/until.ts';
import { commander } from './commander.ts';
import { secondsBetween, type Lab, type Row } from './lab.ts';

/** Files of the user, none of which any version brings. */
const own: Readonly<Record<string, string>> = {
  '.env': 'SECRET=1',
  'state.sqlite': 'SQLite format 3',
  'photos/2026/a.jpg': 'a photo',
  'lib/data.txt': 'readings',
  'node_modules/left-pad/index.js': 'a dependency',
  '.git/config': 'the url of the remote',
};

const textsOf = async (folder: string, names: readonly string[]): Promise<string> =>
  JSON.stringify(await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => 'gone'))));

/** A unit of an embedded instance, under `pepeunit run`. */
export const supervised = async (lab: Lab, name: string, program: Program): Promise<YardUnit> => {
  const yard = lab.later(await createYard());
  return lab.later(await createSupervisedUnit(yard, name, program));
};

const options = 'update: { trialStarts: 1 },';

const foreignFiles: Row = {
  fault: "files of the user in the unit's folder, over three updates",
  run: async (lab) => {
    const unit = await supervised(lab, 'foreign', { label: 'one', options });
    await writeFiles(unit.folder, { ...own, 'notes.txt': 'my notes' });
    const before = await textsOf(unit.folder, Object.keys(own));
    unit.run('--grace', '2');
    await unit.hears('one', 'online');
    const begun = performance.now();
    let first = '';
    for (const label of ['two', 'three', 'four']) {
      const commit = await unit.add({ label, options, files: { 'notes.txt': `notes of ${label}` } });
      first ||= commit;
      await unit.update();
      await unit.hears(label, 'updateConfirmed');
    }
    const after = await textsOf(unit.folder, Object.keys(own));
    if (after !== before) throw new Error(`${before} became ${after}`);
    const kept = await readFile(join(unit.folder, '.pepeunit/kept', first, 'notes.txt'), 'utf8');
    if (kept !== 'my notes') throw new Error(`kept: ${kept}`);
    return {
      happened: `all ${Object.keys(own).length} are there, and the one that gave way is kept`,
      seconds: secondsBetween(begun, performance.now()),
    };
  },
};

const forgedLink: Row = {
  fault: 'a forged firmware link in the command of a script unit',
  run: async (lab) => {
    // It does not ask for its target, so that the command alone begins the update.
    const trusting = `ffVersionCheckEnable: false, ${options.replace('{', '{ allowHttp: true,')}`;
    const yard = lab.later(await createYard());
    const unit = lab.later(await createSupervisedUnit(yard, 'forged', { label: 'one', options: trusting }));
    const commit = await unit.add({ label: 'two', options: trusting });
    await unit.update(commit);
    unit.run('--grace', '2');
    await unit.hears('one', 'online');
    const evil = lab.later(await startProgramServer(Buffer.from('console.log("foreign code");\n')));
    const { PU_AUTH_TOKEN: username } = JSON.parse(await readFile(join(unit.folder, 'env.json'), 'utf8')) as {
      PU_AUTH_TOKEN: string;
    };
    const between = await connectAsync(yard.instance.mqttUrl, {
      username,
      password: '',
      clientId: `${unit.uuid}-between`,
    });
    lab.later({ stop: () => between.endAsync(true) });
    const begun = performance.now();
    const forged = { COMMAND: 'Update', PU_COMMIT_VERSION: commit, COMPILED_FIRMWARE_LINK: `${evil.origin}/main.js` };
    await between.publishAsync(await updateTopicOf(unit), JSON.stringify(forged), { qos: 1 });
    await unit.hears('two', 'updateConfirmed');
    if (evil.requests.length > 0) throw new Error('the link was followed');
    await unit.waitFor('a warning', () => unit.log().some((line) => /^Warning: .*link.* is ignored/.test(line)));
    return {
      happened: 'ignored, with a warning; the update itself goes on',
      seconds: secondsBetween(begun, performance.now()),
    };
  },
};

const updateTopicOf = async ({ folder }: YardUnit): Promise<string> => {
  const schema = JSON.parse(await readFile(join(folder, 'schema.json'), 'utf8')) as {
    input_base_topic: Record<string, string[]>;
  };
  return schema.input_base_topic['update/pepeunit']?.[0] ?? '';
};

/** A unit gets an archive that has the whole `.git` of its repository. */
const gitInArchive = (has: 'none' | 'one'): Row => ({
  fault: `.git in the archive, ${has} in the unit's folder`,
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.mosquitto();
    let archive = Buffer.alloc(0);
    let env = {};
    const { origin } = lab.later(
      await startHttpServer(({ url }, response) => {
        if (url.includes('/firmware/tgz/')) return void response.writeHead(200).end(archive);
        if (url.includes('/units/env/')) return sendJson(response, env);
        return void response.writeHead(404).end();
      }),
    );
    const unit = await lab.unit({ port: broker.port, env: { PU_DOMAIN: new URL(origin).host } });
    const config = join(unit.folder, '.git/config');
    if (has === 'one') {
      await mkdir(dirname(config));
      await writeFile(config, 'mine');
    }
    env = { ...JSON.parse(await readFile(join(unit.folder, 'env.json'), 'utf8')), PU_COMMIT_VERSION: 'bbbb' };
    const schema = await readFile(join(unit.folder, 'schema.json'), 'utf8');
    const entries = [
      { name: 'env.json', text: JSON.stringify(env) },
      { name: 'schema.json', text: schema },
      { name: 'program.txt', text: 'version bbbb' },
      { name: '.git/config', text: 'https://token@host/repository' },
      { name: '.git/HEAD', text: 'ref: refs/heads/main' },
    ];
    archive = gzipSync(await tarOf(...entries));
    await unit.tells('online');
    const begun = performance.now();
    const command = await commander(lab, broker.port);
    await command('update', { COMMAND: 'Update', PU_COMMIT_VERSION: 'bbbb' });
    await unit.tells('Update to bbbb is in place');
    const text = await readFile(config, 'utf8').catch(() => 'none');
    if (text !== (has === 'one' ? 'mine' : 'none')) throw new Error(`.git/config: ${text}`);
    const head = await access(join(unit.folder, '.git/HEAD')).then(
      () => 'installed',
      () => 'passed over',
    );
    if (head === 'installed') throw new Error('.git was installed');
    await until(async () => (await readFile(join(unit.folder, 'program.txt'), 'utf8')) === 'version bbbb');
    return {
      happened: 'the version is installed, its .git is passed over',
      seconds: secondsBetween(begun, performance.now()),
    };
  },
});

/** What an update may bring, and what it may find. */
export const updateFaults: readonly Row[] = [foreignFiles, forgedLink, gitInArchive('none'), gitInArchive('one')];
