import type { InstanceEvents } from '../instance/index.ts';
import { textOf, type Scene, type Step } from './scene.ts';
import { heard } from './waiting.ts';

const newCurve = { startCelsius: 21, fullCelsius: 27 };

const runsVersion = ({ instance: { events }, cast: { fan } }: Scene, commit: string, signal: AbortSignal) =>
  heard(
    events,
    'state',
    ({ unit, report, outcome }) => unit === fan.uuid && outcome === 'taken' && report?.['pu_commit_version'] === commit,
    signal,
  );

export const updateProgram: Step = {
  command: 'update',
  says: 'adds a version of the fan with another curve and sends Update',
  act: async (scene, signal) => {
    const { operator, stage, cast } = scene;
    const folder = await stage.version('fan-regulator', 'fan-2', { 'curve.json': newCurve });
    const { commit } = await operator.addVersion(cast.fan.uuid, folder);
    await Promise.all([runsVersion(scene, commit, signal), operator.sendCommand(cast.fan.uuid, 'Update')]);
    const curve = JSON.parse(await textOf(cast.fan.folder, 'curve.json')) as typeof newCurve;
    if (curve.startCelsius !== newCurve.startCelsius) throw new Error('the program files are the old ones');
    return `the fan has restarted, has proved itself and reports version ${commit.slice(0, 7)}`;
  },
};

/** A program that lacks one of its files. */
const brokenProgram = "import './forgotten.js';\n";

export const updateBadly: Step = {
  says: 'adds a version of the fan that can not even start and sends Update',
  act: async (scene, signal) => {
    const { instance, operator, stage, cast } = scene;
    const { uuid, folder } = cast.fan;
    const before = await textOf(folder, 'main.js');
    const { PU_COMMIT_VERSION: good } = JSON.parse(await textOf(folder, 'env.json')) as { PU_COMMIT_VERSION: string };
    const version = await stage.version('fan-regulator', 'fan-3', { 'main.js': brokenProgram });
    const { commit: bad } = await operator.addVersion(uuid, version);
    const isTold = ({ unit, entries }: InstanceEvents['log']) =>
      unit === uuid &&
      entries.some(({ level, text }) => level === 'Critical' && text.includes(`${bad} was rolled back`));
    const left = heard(instance.events, 'disconnect', ({ unit }) => unit === uuid, signal);
    await Promise.all([
      left.then(() => runsVersion(scene, good, signal)),
      heard(instance.events, 'log', isTold, signal),
      operator.sendCommand(uuid, 'Update'),
    ]);
    if ((await textOf(folder, 'main.js')) !== before) throw new Error('the program files are not the old ones');
    return `the fan is back at version ${good.slice(0, 7)} by itself, and has told why`;
  },
};
