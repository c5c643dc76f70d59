import type { UnitEmitted } from '../../machines/unit/emitted.ts';
import { ClientError, textOf } from '../../services/errors.ts';
import { didYouMean } from './options/suggestion.ts';

/** Every event that a unit emits; the compiler holds the list to be whole. */
const known: Readonly<Record<UnitEmitted['type'], true>> = {
  online: true,
  offline: true,
  disconnected: true,
  denied: true,
  granted: true,
  misconfigured: true,
  restOnly: true,
  settingsLoaded: true,
  settingsFailed: true,
  schemaLoaded: true,
  schemaFailed: true,
  timeSynced: true,
  timeFailed: true,
  logsSynced: true,
  logsFailed: true,
  updateBegan: true,
  updateRefused: true,
  updateConfirmed: true,
  updateRolledBack: true,
  updateSkipped: true,
  updateSwapped: true,
  updateFinished: true,
  updateHandedOver: true,
  updateFailed: true,
  reported: true,
  reportFailed: true,
  command: true,
  restartFailed: true,
  stopped: true,
};

const maxShown = 60;

/** Checks the name of an event. @throws {ClientError} `invalid` */
export const checkEvent = (type: unknown): void => {
  if (typeof type === 'string' && Object.hasOwn(known, type)) return;
  const given = textOf(type).slice(0, maxShown);
  throw new ClientError(
    'invalid',
    `${JSON.stringify(given)} is no event of a unit. ${didYouMean(given, Object.keys(known))}`,
  );
};
