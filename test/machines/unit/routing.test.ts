import { expect, test } from 'vitest';
import { newUnitContext, type Known, type UnitEvent } from '../../../machines/unit/context.ts';
import { initialMessages, routes } from '../../../machines/unit/routing.ts';
import { messagesOf, type Send } from '../../../machines/unit/send.ts';
import { settings } from '../../support/unit-world.ts';
import { target, topics, unitInput } from './under-test.ts';

/** One at work and online, and one for each fact that makes a difference. */
const online: Known = {
  ...newUnitContext(unitInput),
  settings,
  topics,
  hasNetwork: true,
  isRecovering: false,
  isReading: true,
  isOperating: true,
  isOnline: true,
  isReportHeld: false,
  isLeaving: false,
};
const known: readonly Known[] = [
  online,
  { ...online, hasNetwork: false, isOnline: false },
  { ...online, isOnline: false, denial: { topics: ['update'], linkRevision: 1 } },
  { ...online, isLinkWanted: false },
  { ...online, isReportHeld: true },
  { ...online, managesWifi: true },
  { ...online, isRestOnly: true },
];

const forwarded = [
  ...(['settings.load', 'settings.refresh', 'schema.load', 'schema.refresh', 'time.sync'] as const),
  ...(['mqtt.disconnect', 'mqtt.resubscribe', 'logger.sync', 'reporter.report'] as const),
].map((type): UnitEvent => ({ type }));
const commands = (['update', 'env_update', 'schema_update', 'log_sync', 'reset'] as const).map(
  (command): UnitEvent => ({ type: 'command.received', command, target }),
);
const events: readonly UnitEvent[] = [
  ...forwarded,
  ...commands,
  { type: 'update.start', target },
  { type: 'update.configure', handsOver: true },
  { type: 'logger.toggle', sink: 'mqtt', enabled: false },
  { type: 'settings.loaded', settings: { ...settings, wifiSsid: 'garden' } },
  { type: 'update.finished', target, mode: 'env_schema_only' },
];

const sentBy = (send: Send): string[] =>
  known.flatMap((one) =>
    events.flatMap((event) => messagesOf([send], one, event).map((message) => message.event.type)),
  );

const named: readonly [string, readonly Send[]][] = Object.entries({ ...routes, ...initialMessages });

test.each(named)('%s sends what it lists, and nothing else', (_, sends) => {
  for (const send of sends) expect([...new Set(sentBy(send))].toSorted()).toEqual(send.types.toSorted());
});
