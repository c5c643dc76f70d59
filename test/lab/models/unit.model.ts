import { expect } from 'vitest';
import { childNames } from '../../../machines/unit/context.ts';
import { notices } from '../../../machines/unit/notices.ts';
import { unitMachine, type UnitContext } from '../../../machines/unit.ts';
import { defineModel, type Region } from './model.ts';
import { unexpected } from './tables/table.ts';
import { heard, requests, settings, steady, topics } from './unit-environment.ts';
import { cycling, lifecycle, outcomes, reporting, supervision } from './unit-invariants.ts';
import { leaving } from './unit-restart-invariants.ts';

const loaded = [
  'unit.start',
  'update.settled',
  `settings.loaded ${JSON.stringify({ settings: settings('one', 1) })}`,
  `schema.loaded ${JSON.stringify({ topics })}`,
];
const online = [
  ...loaded,
  'wifi.up',
  'mqtt.connected {"sessionPresent":false,"version":5}',
  'mqtt.online {"granted":2,"denied":[]}',
];

/** Everything that decides what the unit does next, but for its children's restarts. */
const mainKey = (context: UnitContext) => [
  context.settings?.linkRevision,
  context.topics !== undefined,
  context.hasNetwork,
  context.isLinkWanted,
  context.failure?.code,
  context.isStartDue,
];

const lifeCycle =
  /^unit\.(start|stop)|^(settings|schema)\.(started|loaded .*"commitVersion":"one"|loaded .*topics|failed)|^mqtt\.(online .*\[\]|offline|stopped)|^update\.(started|recovered|settled)|^logger\.(flushed|failed)|(recover|flush|disconnect|close)Within|^release /;

const starting = /^(settings|schema)\.(loaded .*"commitVersion":"one"|loaded .*topics|failed)/;

const ofRestart =
  /^unit\.restart|^(awaitFiles|flush|releaseOutbox|handOver) |restart(Flush|Disconnect)Within|^mqtt\.stopped/;

const decidesReports = /^update\.(began|swapping|tried|settled)/;
const isFact = (label: string) => !/^(unit|cycle)\.|^after |fails/.test(label) && !decidesReports.test(label);

const regions: readonly Region<UnitContext>[] = [
  { name: 'the life cycle', uses: (label) => lifeCycle.test(label), key: mainKey },
  {
    name: 'the facts, before the start',
    uses: (label) => isFact(label) && !/^(settings|schema)\.(started|loaded|failed|postponed|restored)/.test(label),
    key: () => 0,
  },
  {
    name: 'the facts at work',
    prelude: loaded,
    uses: isFact,
    key: ({ settings: kept, hasNetwork, isLinkWanted }) => [kept?.linkRevision, hasNetwork, isLinkWanted],
  },
  {
    name: 'the facts at work, with WiFi to manage',
    input: { managesWifi: true },
    prelude: loaded,
    uses: (label) => /wifi|^settings\.loaded/.test(label),
    key: ({ settings: kept, hasNetwork }) => [kept?.linkRevision, hasNetwork],
  },
  {
    name: 'at work over REST alone',
    input: { isRestOnly: true },
    prelude: loaded,
    uses: (label) => /^unit\.(start|stop)|^mqtt\.((dis)?connect|stopped)$|^update( fails|\.started)|Within/.test(label),
    key: mainKey,
  },
  {
    name: 'the main cycle',
    uses: (label) => /^(cycle|unit)\.(start|stop)|^mainCycle |^update\.settled|^(settings|schema)\.loaded/.test(label),
    key: (context) => [context.settings !== undefined, context.topics !== undefined],
  },
  {
    name: 'a restart of the program, before the start',
    uses: (label) => ofRestart.test(label) || /^(unit\.stop|cycle\.start)/.test(label),
    key: () => 0,
  },
  {
    name: 'a restart of the program, at work',
    prelude: [...online, 'cycle.start'],
    uses: (label) => ofRestart.test(label) || /^mqtt\.(dis)?connect$|^mqtt fails|^unit\.stop/.test(label),
    key: ({ isLinkWanted }) => isLinkWanted,
  },
  ...[loaded, ['unit.start']].map((prelude): Region<UnitContext> => ({
    name: `the reports during an update, after ${prelude.length} steps`,
    prelude,
    uses: (label) => decidesReports.test(label) || /^stateReporter\.started|holdAfter/.test(label),
    key: () => 0,
  })),
  ...childNames.flatMap((child): Region<UnitContext>[] => {
    const own = [
      `${child} fails: ${String(unexpected)}`,
      `${child}.started`,
      `child.steady ${JSON.stringify({ child })}`,
    ];
    const uses = (label: string) =>
      own.includes(label) ||
      ['running', 'restarting', 'failed'].some((state) => label.endsWith(`in children.kept.${child}.${state}`));
    const key = ({ restarts, pendingMessages }: UnitContext) => [
      restarts[child],
      pendingMessages.map(({ event }) => event.type),
    ];
    const walks: Region<UnitContext>[] = [
      { name: `keeping ${child} running, before the start`, uses, key },
      {
        name: `keeping ${child} running, online`,
        prelude: online,
        uses: (label) => uses(label) || /^command.received/.test(label),
        key,
      },
      {
        name: `keeping ${child} running, while the unit starts`,
        prelude: loaded.slice(0, 2),
        uses: (label) => uses(label) || starting.test(label),
        key: (context) => [...key(context), context.settings !== undefined],
      },
    ];
    return child === 'settings' || child === 'schema' ? walks : walks.slice(0, 2);
  }),
];

export const unitModel = defineModel<typeof unitMachine>({
  machine: unitMachine,
  input: {
    managesWifi: false,
    protocol: 'auto',
    restartMode: 'no_restart',
    checksVersion: true,
    isCompiled: false,
    isSupervised: false,
    logConfig: { minLevel: 'Info', maxLength: 64, console: true, file: true, mqtt: true },
  },
  recorded: ['log', 'endWork', 'resumeWork'],
  events: [...requests, ...steady],
  wildcards: Object.keys(notices),
  says: heard,
  regions,
  outcomes,
  invariants: {
    ...lifecycle,
    ...reporting,
    ...cycling,
    ...leaving,
    ...supervision,
    facts: ({ context }) => expect(context.pendingMessages.length).toBeLessThan(20),
    notices: () => undefined,
  },
});
