/** Loaded by `node --import` before a unit's program: records its units for the inspector that the environment names. */
import { readFileSync } from 'node:fs';
import { basename, dirname, sep } from 'node:path';
import { parseEnv } from '../../services/env.ts';
import type { RecordedUnit, RecorderFactory } from '../client/recording.ts';
import { thisPackage } from '../terminal/package.ts';
import { carryOut } from './recorder/control.ts';
import { createRecorder, type RecorderHost } from './recorder/recorder.ts';
import { createUplink, type Uplink } from './recorder/uplink.ts';
import { inspectorAddressIn, inspectorVariable } from './variable.ts';
import type { Request, RunAbout } from './wire.ts';

const host: RecorderHost = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  every: (ms, fn) => {
    const timer = setInterval(fn, ms).unref();
    return () => clearInterval(timer);
  },
  heap: () => process.memoryUsage().heapUsed,
};

/** UUID and version of the unit, as far as its env.json tells. */
const identify = (path: string): { readonly uuid?: string; readonly program?: string } => {
  try {
    const { unitUuid, reserved } = parseEnv(JSON.parse(readFileSync(path, 'utf8')));
    return { uuid: unitUuid, ...(reserved.PU_COMMIT_VERSION !== '' && { program: reserved.PU_COMMIT_VERSION }) };
  } catch {
    // It comes later, or from elsewhere.
    return {};
  }
};

const counts = new Map<string, number>();

/** A name of its own for each client of this process. */
const sourceOf = (unit: string): string => {
  const count = (counts.get(unit) ?? 0) + 1;
  counts.set(unit, count);
  return count === 1 ? unit : `${unit}#${count}`;
};

/** What people call a unit: its folder, also where a checkout in there runs. */
const nameOf = ({ envFilePath }: RecordedUnit): string => {
  const folder = envFilePath === '' ? process.cwd() : dirname(envFilePath);
  const [own = ''] = folder.split(`${sep}.pepeunit${sep}`);
  return basename(own) || 'unit';
};

const aboutOf = (unit: RecordedUnit): Omit<RunAbout, 'v' | 'startedAt'> => {
  const { uuid, program } = identify(unit.envFilePath);
  const name = nameOf(unit);
  return {
    unit: uuid ?? name,
    name,
    pid: process.pid,
    client: thisPackage.version,
    ...(program !== undefined && { program }),
  };
};

/** Makes the recorders of this process's units, for an inspector. */
export const recordFor = (url: string): RecorderFactory => {
  const startedAt = Math.round(performance.timeOrigin);
  const uplinks: Uplink[] = [];
  process.once('exit', () => uplinks.forEach(({ flush }) => flush()));
  return (unit) => {
    if ((unit.v as number) !== 1) return undefined;
    const about = aboutOf(unit);
    const recorder = createRecorder({ unit, about, host, onLine: () => uplink.wake() });
    const uplink: Uplink = createUplink({
      url,
      ring: recorder.ring,
      source: sourceOf(about.unit),
      recording: `${process.pid}-${startedAt}`,
      follows: `${process.ppid}-`,
      onUnanswered: ({ message }) =>
        process.emitWarning(
          `The unit is not shown: the inspector at ${new URL(url).origin} does not take it (${message}). It runs on, and tries again.`,
        ),
      onRequest: (text) => void answer(text),
    });
    const answer = async (text: string) => {
      const [, id, , wanted] = JSON.parse(text) as Request;
      const error = await carryOut(unit, recorder.actor, wanted);
      uplink.answer(JSON.stringify(['did', id, error]));
    };
    uplinks.push(uplink);
    return recorder;
  };
};

const given = process.env[inspectorVariable] ?? '';
const url = inspectorAddressIn(given);
if (url !== undefined) Object.assign(globalThis, { [Symbol.for('pepeunit.recorder')]: recordFor(url) });
else if (given !== '')
  process.emitWarning(`The unit is not shown: ${inspectorVariable} is no address that an inspector has printed.`);
