import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { textOf } from '../../../services/errors.ts';
import { startProgramServer } from '../../support/program-server.ts';
import { Refused } from './operator.ts';
import { brokenFiles, documents, versionFiles } from './program.ts';
import type { Life, LivingUnit } from './life.ts';
import type { Step } from './step.ts';

const fast = { PU_STATE_SEND_INTERVAL: 2 };

const stateOf = async ({ operator }: Life, unit: LivingUnit): Promise<string | null> =>
  (await operator.nodes(unit.uuid)).find(({ uuid }) => uuid === unit.node('Output'))?.state ?? null;

const hasLogged = async ({ operator }: Life, { uuid }: LivingUnit, text: string): Promise<boolean> =>
  (await operator.log(uuid)).some((entry) => entry.text.includes(text));

const create: Step = {
  name: 'create',
  act: async (life) => {
    const writer = await life.start('writer', { label: 'one' }, fast);
    await life.start('reader', { label: 'reader' }, fast);
    const version = textOf((await life.operator.env(writer.uuid))['PU_COMMIT_VERSION']);
    await life.eventually('the first state report', async () => {
      const { current_commit_version: current, unit_state: state } = await life.operator.unit(writer.uuid);
      return state !== null && current === version;
    });
    return `two units are online and report version ${version.slice(0, 7)}`;
  },
};

const env: Step = {
  name: 'env',
  act: async (life) => {
    const { uuid, document } = life.unit('writer');
    const before = Number((await life.operator.env(uuid))['PU_MAX_LOG_LENGTH']);
    life.later(() => life.operator.setEnv(uuid, { PU_MAX_LOG_LENGTH: before }));
    await life.operator.setEnv(uuid, { PU_MAX_LOG_LENGTH: before + 1 });
    await life.eventually(
      'the new env.json',
      async () => (await document('env.json'))['PU_MAX_LOG_LENGTH'] === before + 1,
      () => life.operator.command(uuid, 'EnvUpdate'),
    );
    return `PU_MAX_LOG_LENGTH is ${before + 1} in the unit's env.json`;
  },
};

const schema: Step = {
  name: 'schema',
  act: async (life) => {
    const { uuid, document, count } = life.unit('writer');
    const loaded = count('schemaLoaded');
    await life.eventually(
      'the schema is loaded',
      () => count('schemaLoaded') > loaded,
      () => life.operator.command(uuid, 'SchemaUpdate'),
    );
    const [here, there] = [await document('schema.json'), await life.operator.schema(uuid)];
    if (JSON.stringify(here) !== JSON.stringify(there)) throw new Error("the unit's schema.json is not the instance's");
    return `${Object.values(there).flatMap((section) => Object.keys(section)).length} topics, as the instance has them`;
  },
};

const input: Step = {
  name: 'input',
  act: async (life) => {
    const writer = life.unit('writer');
    await life.eventually(
      "the unit's answer",
      async () => (await stateOf(life, writer))?.endsWith(': жук 🐞') ?? false,
      () => life.operator.setInput(writer.node('Input'), 'жук 🐞'),
    );
    return `a state of the Input came back as ${await stateOf(life, writer)}`;
  },
};

const edge: Step = {
  name: 'edge',
  act: async (life) => {
    const [writer, reader] = [life.unit('writer'), life.unit('reader')];
    const ends = [writer.node('Output'), reader.node('Input')] as const;
    const isLinked = async () => JSON.stringify(await reader.document('schema.json')).includes(ends[0]);
    await life.operator.createEdge(...ends);
    life.later(async () => {
      if (await isLinked()) await life.operator.deleteEdge(...ends);
    });
    await life.eventually('the topic in the schema.json of the reader', isLinked);
    await life.eventually('a message along the edge', async () => {
      await life.operator.setInput(writer.node('Input'), 'over the edge');
      return (await stateOf(life, reader))?.endsWith(': over the edge') ?? false;
    });
    await life.operator.deleteEdge(...ends);
    await life.eventually('the topic is gone', async () => !(await isLinked()));
    return 'a message went from one unit to the other; the topic is gone with the edge';
  },
};

const logSync: Step = {
  name: 'command LogSync',
  act: async (life) => {
    const { uuid, folder } = life.unit('writer');
    const stored = (await readFile(join(folder, 'log.json'), 'utf8')).trim().split('\n').length;
    await life.eventually(
      'the stored entries',
      async () => (await life.operator.log(uuid)).length >= Math.min(stored, 100),
      () => life.operator.command(uuid, 'LogSync'),
    );
    return `the instance has the ${stored} entries of log.json`;
  },
};

const reset: Step = {
  name: 'command Reset',
  act: async (life) => {
    const { uuid, count } = life.unit('writer');
    const online = count('online');
    try {
      await life.operator.command(uuid, 'Reset');
    } catch (thrown) {
      if (thrown instanceof Refused && thrown.status === 422) return 'this instance has no such command';
      throw thrown;
    }
    await life.eventually('the unit is back', () => count('online') > online);
    return 'the program started anew';
  },
};

const unknownCommand: Step = {
  name: 'an unknown command',
  act: async ({ operator, unit }) => {
    const refusal = await operator.command(unit('writer').uuid, 'Nonsense').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(refusal instanceof Refused) || refusal.status !== 422) throw new Error('it was not refused with 422');
    return 'refused with 422';
  },
};

const storage: Step = {
  name: 'storage',
  act: async ({ operator, unit }) => {
    const { uuid } = unit('writer');
    const text = 'жук "🐞"\n'.repeat(50);
    await operator.setStorage(uuid, text);
    if ((await operator.storage(uuid)) !== text) throw new Error('another text came back');
    await operator.setStorage(uuid, '');
    if ((await operator.storage(uuid)) !== '') throw new Error('an empty text did not clear it');
    return `${text.length} characters came back as they were, and were cleared`;
  },
};

/** Waits until the instance knows the end of an update. */
const updateEnds = (life: Life, unit: LivingUnit, commit: string, status: string | null) =>
  life.eventually(`version ${commit.slice(0, 7)}`, async () => {
    const { current_commit_version: current, firmware_update_status: given } = await life.operator.unit(unit.uuid);
    return current === commit && (status === null || given === status);
  });

const update: Step = {
  name: 'update',
  needsOwn: true,
  act: async (life) => {
    const writer = life.unit('writer');
    const folder = await life.version('two', versionFiles({ label: 'two' }));
    const { commit } = await life.operator.addVersion(writer.uuid, { folder });
    await life.operator.command(writer.uuid, 'Update');
    await updateEnds(life, writer, commit, 'Success');
    await life.eventually('the trial has passed', () => writer.count('updateConfirmed', 'two') > 0);
    return `confirmed, and version ${commit.slice(0, 7)} is reported`;
  },
};

const rollback: Step = {
  name: 'rollback',
  needsOwn: true,
  act: async (life) => {
    const writer = life.unit('writer');
    const good = textOf((await writer.document('env.json'))['PU_COMMIT_VERSION']);
    const online = writer.count('online', 'two');
    const { commit } = await life.operator.addVersion(writer.uuid, {
      folder: await life.version('broken', brokenFiles),
    });
    await life.operator.command(writer.uuid, 'Update');
    await life.eventually('the log tells', () => hasLogged(life, writer, `${commit} was rolled back`));
    await life.eventually('the version before is online', () => writer.count('online', 'two') > online);
    await updateEnds(life, writer, good, null);
    return `a version that can't start was rolled back to ${good.slice(0, 7)}, and told`;
  },
};

const compiledOptions = "update: { program: 'main.js', allowHttp: true },";

const compiled: Step = {
  name: 'compiled unit',
  needsOwn: true,
  act: async (life) => {
    const unit = await life.start('compiled', { label: 'built', options: compiledOptions }, fast);
    const program = versionFiles({ label: 'rebuilt', options: compiledOptions })['main.js'] ?? '';
    const host = await startProgramServer(Buffer.from(program));
    life.later(() => host.stop());
    const folder = await life.version('rebuilt', documents);
    const link = `${host.origin}/program`;
    const { commit } = await life.operator.addVersion(unit.uuid, { folder, compiled_firmware_link: link });
    await life.operator.command(unit.uuid, 'Update');
    await updateEnds(life, unit, commit, 'Success');
    await life.eventually('the trial has passed', () => unit.count('updateConfirmed', 'rebuilt') > 0);
    if ((await readFile(join(unit.folder, 'main.js'), 'utf8')) !== program) throw new Error('it is another program');
    const asked = JSON.stringify(host.requests.map(({ url, headers }) => [url, headers]));
    if (asked.includes(String((await unit.document('env.json'))['PU_AUTH_TOKEN'])))
      throw new Error('the host got the token');
    return `the program behind the link runs as version ${commit.slice(0, 7)}; its host got no token`;
  },
};

/** A whole life, in order. */
export const steps: readonly Step[] = [
  create,
  env,
  schema,
  input,
  edge,
  logSync,
  unknownCommand,
  storage,
  update,
  rollback,
  compiled,
  reset,
];
