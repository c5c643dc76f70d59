import type { UnitContext, UnitEmitted, UnitEvent } from './context.ts';

const news = {
  'command.received': ({ command }) => ({ type: 'command', command }),
  'settings.loaded': () => ({ type: 'settingsLoaded' }),
  'settings.failed': ({ failure }) => ({ type: 'settingsFailed', failure }),
  'schema.loaded': () => ({ type: 'schemaLoaded' }),
  'schema.failed': ({ failure }) => ({ type: 'schemaFailed', failure }),
  'time.synced': ({ offsetMs }) => ({ type: 'timeSynced', offsetMs }),
  'time.failed': ({ failure }) => ({ type: 'timeFailed', failure }),
  'mqtt.stopped': () => ({ type: 'disconnected' }),
  'update.began': ({ target }) => ({ type: 'updateBegan', target }),
  'update.skipped': ({ target, reason }) => ({ type: 'updateSkipped', target, reason }),
  'update.refused': ({ target, failure }) => ({ type: 'updateRefused', target, failure }),
  'update.confirmed': ({ version }) => ({ type: 'updateConfirmed', version }),
  'update.rolledBack': ({ version, reason }) => ({ type: 'updateRolledBack', version, reason }),
  'update.swapped': ({ target, mode }) => ({ type: 'updateSwapped', target, mode }),
  'update.finished': ({ target, mode }) => ({ type: 'updateFinished', target, mode }),
  'update.handedOver': ({ target }) => ({ type: 'updateHandedOver', target }),
  'update.failed': ({ target, phase, failure }) => ({ type: 'updateFailed', target, phase, failure }),
  'logger.synced': ({ entries }) => ({ type: 'logsSynced', entries }),
  'logger.failed': ({ failure }) => ({ type: 'logsFailed', failure }),
  'reporter.sent': () => ({ type: 'reported' }),
  'reporter.failed': ({ failure }) => ({ type: 'reportFailed', failure }),
} satisfies { [K in UnitEvent['type']]?: (event: Extract<UnitEvent, { type: K }>) => UnitEmitted };

type AnnouncedEvent = Extract<UnitEvent, { type: keyof typeof news }>;

/** What the app gets to know of an event. */
export const newsOf = (event: AnnouncedEvent): UnitEmitted => {
  const tell: (event: never) => UnitEmitted = news[event.type];
  return tell(event as never);
};

const notSaid = { name: 'Error', code: 'unexpected', message: 'The unit can not start' };

/** What the app gets to know when settings or schema can't be used. */
export const misconfigured = ({ failure }: UnitContext): UnitEmitted => ({
  type: 'misconfigured',
  failure: failure ?? notSaid,
});
