import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalFile } from '../../../adapters/node/firmware/journal-file.ts';
import { FirmwareLayout, privateName } from '../../../adapters/node/firmware/layout.ts';
import { hostFs } from '../../../adapters/node/fs/file-system.ts';
import { parseLock, readLock } from '../../../adapters/node/fs/lock-file.ts';
import { isRunning, ownPlace, type ProcessIdentity } from '../../../adapters/node/fs/process-identity.ts';
import { surveyOutbox } from '../../../adapters/node/outbox/survey.ts';
import { failureOf } from '../../../services/errors.ts';
import type { FirmwareFlight, FirmwareJournal } from '../../../services/firmware-journal.ts';
import { counted } from '../../terminal/counted.ts';
import { check, type Check } from './check.ts';
import { ok, splitMessage, warning, type Outcome } from './finding.ts';

/** Time in which the holder of a lock writes its beat at least once, milliseconds. */
const freshMs = 15_000;

const isOwnPlace = ({ place }: ProcessIdentity): boolean => place !== null && place === ownPlace;

/** Whether the holder of a lock runs; one of another container or host is judged by its beat. */
const isAlive = async (path: string, holder: ProcessIdentity): Promise<boolean> =>
  isOwnPlace(holder) ? isRunning(holder) : Date.now() - (await stat(path)).mtimeMs < freshMs;

const describeChild = (child: ProcessIdentity | undefined): string => {
  if (!child) return 'its unit has not started yet';
  if (!isOwnPlace(child)) return `its unit was process ${child.pid} there`;
  return isRunning(child) ? `its unit is process ${child.pid}` : 'its unit is down and will be started again';
};

/** Finds out whether a supervisor runs the unit. */
export const supervisorCheck = (folder: string, place: Check) =>
  check('supervisor', { place }, async () => {
    const path = join(folder, privateName, 'supervisor.json');
    const text = await readLock(path);
    const record = text ? parseLock(text) : undefined;
    if (!record) return ok('no pepeunit run is at work here', undefined);
    const { holder, child } = record;
    if (await isAlive(path, holder))
      return ok(`pepeunit run is process ${holder.pid}, ${describeChild(child)}`, undefined);
    return warning(
      `The pepeunit run of this unit (process ${holder.pid}) was killed: nobody supervises it.`,
      'Start pepeunit run again: it takes over.',
      undefined,
    );
  });

const describeFlight = (phase: FirmwareJournal['phase'], flight: FirmwareFlight): Outcome<undefined> => {
  const { from, to, starts, maxStarts, isWaiting, reason } = flight;
  if (phase === 'trial') {
    const state = isWaiting === true ? 'waits until a broker can be reached' : `had ${starts} of ${maxStarts} starts`;
    return warning(
      `Version ${to} is on trial in place of ${from}: it ${state}.`,
      'Let the unit run until it is confirmed.',
      undefined,
    );
  }
  const what = phase === 'swapping' ? `The update from ${from} to ${to}` : `The way back from ${to} to ${from}`;
  return warning(
    `${what} has not ended${reason === undefined ? '' : ` (${reason})`}.`,
    'Start the unit: it ends what was begun.',
    undefined,
  );
};

const describeJournal = ({ phase, flight, failed }: FirmwareJournal): Outcome<string | undefined> => {
  if (flight) return describeFlight(phase, flight);
  if (!failed) return ok('nothing is under way, and no version has failed', undefined);
  const at = failed.at === undefined ? '' : ` at ${new Date(failed.at).toISOString()}`;
  return warning(
    `Version ${failed.version} failed${at} and was rolled back: ${failed.reason}.`,
    'Correct the program, and update to the new version.',
    failed.version,
  );
};

/** Checks the journal of updates; its value is the version that has failed, if one has. */
export const updateCheck = (folder: string, place: Check) =>
  check('last update', { place }, async () => {
    try {
      return describeJournal(await new JournalFile(hostFs, new FirmwareLayout(folder)).read());
    } catch (thrown) {
      const { detail, remedy } = splitMessage(failureOf(thrown).message);
      return warning(detail, `${remedy} The next start begins a new journal.`, undefined);
    }
  });

const describeWaiting = (waiting: number, bytes: number): string =>
  waiting === 0 ? 'nothing waits' : `${counted(waiting, 'message')} waiting, ${counted(bytes, 'byte')}`;

/** Checks the messages that wait on disk. */
export const outboxCheck = (folder: string, place: Check) =>
  check('outbox', { place }, async () => {
    const { waiting, bytes, damaged, dead } = await surveyOutbox(join(folder, privateName, 'outbox'));
    const told = describeWaiting(waiting, bytes);
    const faults = [
      ...(damaged > 0 ? ['parts of its files are damaged'] : []),
      ...(dead > 0 ? [`${counted(dead, 'message')} not delivered, but kept in dead.ndjson`] : []),
    ];
    if (faults.length === 0) return ok(told, undefined);
    const remedy =
      damaged > 0 ? 'Check the disk; the unit reads the rest.' : 'See its "reason", and delete the file then.';
    return warning(`In the outbox ${faults.join(', and ')}; ${told}.`, remedy, undefined);
  });
