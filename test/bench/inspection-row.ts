import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';
import { ownModules } from '../../rolldown.config.ts';
import type { Traffic } from './peer.ts';
import { compared, judged, type RowHead, type RowResult } from './result.ts';
import type { Row, Run } from './row.ts';
import { runPairs, runSubject, type Subject } from './subject.ts';

const project = join(import.meta.dirname, '../..');

/** What stands in place of the modules that let a recorder see a unit. */
const without: Readonly<Record<string, string>> = {
  'app/client/recording.ts': `
    export const recorderOf = () => undefined;
    export const shownSettings = () => ({});
    export const topicKeys = () => ({});
    export const followRoot = () => undefined;`,
  'app/messaging/inbound/watch.ts': 'export const watchInbox = (inbox) => inbox;',
  'app/messaging/outbound/watch.ts': `
    export const watchGates = (gates) => gates;
    export const watchSent = () => undefined;`,
};

/** Takes the code for inspection out. @throws {Error} There is no longer a module of one of the names. */
const createTakingOut = (): Plugin => {
  const missing = new Set(Object.keys(without));
  return {
    name: 'no-inspection',
    load: (id) => {
      const path = relative(project, id);
      const code = without[path];
      missing.delete(path);
      return code === undefined ? null : { code, moduleType: 'js' };
    },
    buildEnd: () => {
      if (missing.size > 0) throw new Error(`There is no ${[...missing].join(', ')} to take out.`);
    },
  };
};

const { plugins } = ownModules;

/** Builds the client as one file: as it is, and without what lets it be inspected. */
const buildBoth = async (folder: string): Promise<Readonly<Record<Subject, string>>> => {
  await writeFile(join(folder, 'package.json'), '{"type":"module","imports":{"#mqtt":"./bundled/mqtt.js"}}');
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
  await symlink(join(project, 'dist/bundled'), join(folder, 'bundled'));
  const build = async (name: Subject, more: Plugin[]): Promise<string> => {
    const file = join(folder, `${name}.js`);
    await using bundle = await rolldown({
      ...ownModules,
      input: join(project, 'app/node.ts'),
      plugins: [plugins, more],
    });
    await bundle.write({ file, codeSplitting: false });
    return file;
  };
  return { bare: await build('bare', [createTakingOut()]), unit: await build('unit', []) };
};

interface Measurement {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

const traffic: Traffic = { direction: 'out', qos: 0, bytes: 64, window: 1000, inputs: 1 };
const thousands = 1000;
/** By how much `--quick` shortens a run. */
const quicker = 100;

const measure = async (head: RowHead, { peer, pairs, quick, protocol, options }: Run): Promise<RowResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'pepeunit-bench-'));
  try {
    const client = await buildBoth(folder);
    const count = (thousands * 1000) / (quick ? quicker : 1);
    const setup = { ...traffic, count, warmUp: count / 4, isAwaited: false, durable: true, protocol, options };
    const measured = await runPairs(pairs, (build) =>
      runSubject<Measurement>({
        program: 'messages',
        setup: { ...setup, subject: 'unit', client: client[build], port: peer.port },
        peer,
      }),
    );
    const of = (name: keyof Measurement) =>
      compared(measured.map(({ bare, unit }) => ({ bare: bare[name], unit: unit[name] })));
    const { bare, unit, ratio } = of('cpuMicros');
    return judged(head, { ...of('perSecond'), cpu: { bare, unit, ratio } });
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** Makes a row of a unit that nobody inspects, beside a build of it without the code for that. */
export const inspectionRow = (head: RowHead): Row => ({
  heads: [head],
  run: async (run) => [await measure(head, run)],
});
