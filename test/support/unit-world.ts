import { longestDelays } from '../../machines/mqtt/reconnect-delay.ts';
import { createActor, fromCallback, fromPromise, SimulatedClock } from 'xstate';
import { expect } from 'vitest';
import {
  loggerMachine,
  mqttMachine,
  resetMachine,
  schemaMachine,
  settingsMachine,
  stateReporterMachine,
  timeMachine,
  unitMachine,
  updateMachine,
  wifiMachine,
  type LogConfig,
  type LogLine,
  type UnitEmitted,
  type UnitFact,
  type UnitInput,
} from '../../machines/index.ts';
import type { MqttVersion } from '../../services/broker.ts';
import type { LogBatch, LogBatchInput } from '../../services/log.ts';
import type { LinkCommand, LinkEvent, LinkWish } from '../../services/link.ts';
import type { StagedFirmware } from '../../services/firmware.ts';
import type { UpdateTarget } from '../../services/update.ts';
import type { TrialFailure } from '../../services/firmware-journal.ts';
import type { PastFailure } from '../../services/trial.ts';
import type { OfUnit } from '../../services/finder.ts';
import type { FirmwareStatus } from '../../services/firmware-transitions.ts';
import type { RestartMode } from '../../services/process-control.ts';
import type { SchemaTopics } from '../../services/schema.ts';
import type { UnitSettings } from '../../services/settings.ts';
import type { StateReport } from '../../services/system.ts';
import type { SsidInput, WifiLinkEvent, WifiStatus } from '../../services/wifi.ts';
import { failing } from './actors.ts';
import { settle } from './until.ts';

const logConfig: LogConfig = { minLevel: 'Debug', maxLength: 64, console: true, file: true, mqtt: true };

export const settings: UnitSettings = {
  unitUuid: 'u',
  commitVersion: 'v1',
  pingIntervalMs: 20_000,
  stateSendIntervalMs: 300_000,
  minLogLevel: 'Info',
  maxLogLength: 32,
  wifiSsid: 'home',
  maxReconnectionMs: 60_000,
  linkRevision: 1,
  wifiRevision: 1,
};

/** A world that the test steers; each number counts how often the unit asked. */
export const createWorld = () => ({
  settings,
  topics: { subscribed: ['update', 'input'], reportsState: true } as SchemaTopics,
  failures: new Set<string>(),
  hangs: new Set<string>(),
  denies: new Set<string>(),
  did: {} as Record<string, number>,
  links: [] as { version: MqttVersion; isHeld: boolean; subscribed: string[]; tell(event: LinkEvent): void }[],
  wifi: { linked: false, ssid: '', tell: (_event: WifiLinkEvent): void => undefined },
  reports: [] as StateReport[],
  status: { phase: 'settled' } as FirmwareStatus,
  target: 'v1',
  wasReset: false,
  isBrokerThere: true,
  /** What the unit said of its work. */
  work: [] as ('ended' | 'resumed')[],
  configs: [] as LogConfig[],
});
export type World = ReturnType<typeof createWorld>;

const doing = async (it: World, what: string): Promise<void> => {
  it.did[what] = (it.did[what] ?? 0) + 1;
  if (it.hangs.has(what)) await new Promise(() => undefined);
  if (it.failures.has(what)) throw failing('network', `${what} failed`);
};

export const holdLink = (it: World) =>
  fromCallback<LinkCommand, LinkWish, LinkEvent>(({ input, sendBack, receive }) => {
    const link = { version: input.version, isHeld: true, subscribed: [] as string[], tell: sendBack };
    it.links.push(link);
    doing(it, 'open').then(
      () => link.isHeld && sendBack({ type: 'link.opened', sessionPresent: false }),
      (error: Error) =>
        sendBack({ type: 'link.refused', failure: { name: 'E', code: 'network', message: error.message } }),
    );
    receive((command) => {
      if (command.type === 'link.watch' || command.type === 'link.resume') return;
      const { type, topics } = command;
      if (type === 'link.unsubscribe') {
        link.subscribed = link.subscribed.filter((topic) => !topics.includes(topic));
        return;
      }
      link.subscribed.push(...topics);
      const grants = topics.map((topic) => ({ topic, granted: !it.denies.has(topic), reasonCode: 0 }));
      sendBack({ type: 'link.granted', grants });
    });
    return () => {
      link.isHeld = false;
    };
  });

export const provideWorld = (it: World, log: (line: LogLine) => void) =>
  unitMachine.provide({
    actors: {
      settings: settingsMachine.provide({
        actors: {
          load: fromPromise(async () => doing(it, 'settings.load').then(() => it.settings)),
          refresh: fromPromise(async () => doing(it, 'settings.refresh').then(() => it.settings)),
        },
      }),
      schema: schemaMachine.provide({
        actors: {
          load: fromPromise(async () => doing(it, 'schema.load').then(() => it.topics)),
          refresh: fromPromise(async () => doing(it, 'schema.refresh').then(() => it.topics)),
        },
      }),
      wifi: wifiMachine.provide({
        actors: {
          readStatus: fromPromise<WifiStatus>(async () => ({ linked: it.wifi.linked, ssid: it.wifi.ssid })),
          scan: fromPromise<boolean, SsidInput>(async () => true),
          join: fromPromise<void, SsidInput>(async ({ input }) => {
            await doing(it, 'join');
            Object.assign(it.wifi, { linked: true, ssid: input.ssid });
          }),
          watchLink: fromCallback<{ type: 'link.ignore' }, OfUnit, WifiLinkEvent>(({ sendBack }) => {
            it.wifi.tell = sendBack;
          }),
        },
      }),
      time: timeMachine.provide({
        actors: {
          readOffset: fromPromise(async () => doing(it, 'readOffset').then(() => 5)),
          watchClock: fromCallback(() => undefined),
        },
      }),
      mqtt: mqttMachine.provide({
        actors: { holdLink: holdLink(it), closeLink: fromPromise(() => doing(it, 'close')) },
        delays: longestDelays,
      }),
      update: updateMachine.provide({
        actors: {
          download: fromPromise<StagedFirmware, { target: UpdateTarget }>(async () =>
            doing(it, 'download').then(() => ({ id: 's', files: 1, bytes: 1 })),
          ),
          recover: fromPromise(async () => doing(it, 'recover').then(() => it.status)),
          askTarget: fromPromise(async () => doing(it, 'askTarget').then(() => it.target)),
          requestUpdate: fromPromise(async () => doing(it, 'requestUpdate')),
          verify: fromPromise(() => doing(it, 'verify')),
          stage: fromPromise<StagedFirmware, { staged: StagedFirmware; target: UpdateTarget }>(async ({ input }) =>
            doing(it, 'stage').then(() => input.staged),
          ),
          swap: fromPromise(() => doing(it, 'swap')),
          discard: fromPromise(() => doing(it, 'discard')),
          restart: fromPromise<void, { mode: RestartMode }>(() => doing(it, 'restart')),
          handOver: fromPromise(() => doing(it, 'handOver')),
          checkReady: fromPromise(() => doing(it, 'checkReady')),
          probe: fromPromise<boolean, { isDenied: boolean }>(async () =>
            doing(it, 'probe').then(() => it.isBrokerThere),
          ),
          noteWait: fromPromise(() => doing(it, 'noteWait')),
          endWait: fromPromise(() => doing(it, 'endWait')),
          noteFailure: fromPromise(() => doing(it, 'noteFailure')),
          recall: fromPromise<PastFailure>(async () => doing(it, 'recall').then(() => ({ ageMs: 0 }))),
          confirm: fromPromise(() => doing(it, 'confirm')),
          rollBack: fromPromise<void, TrialFailure>(() => doing(it, 'rollBack')),
          forgetOutcome: fromPromise(() => doing(it, 'forgetOutcome')),
        },
      }),
      logger: loggerMachine.provide({
        actors: {
          readStored: fromPromise(async () => doing(it, 'readStored').then(() => 3)),
          sendBatch: fromPromise<LogBatch, LogBatchInput>(async () =>
            doing(it, 'sendBatch').then(() => ({ passed: 3, sent: 3 })),
          ),
          flush: fromPromise(() => doing(it, 'flush')),
        },
        actions: { applyConfig: (_, config) => void it.configs.push(config) },
      }),
      reset: resetMachine.provide({
        actors: {
          recall: fromPromise(async () => doing(it, 'recall').then(() => it.wasReset)),
          restart: fromPromise<void, { mode: RestartMode }>(() => doing(it, 'reset')),
        },
      }),
      release: fromPromise(() => doing(it, 'release')),
      awaitFiles: fromPromise(() => doing(it, 'awaitFiles')),
      flush: fromPromise(() => doing(it, 'flush for a restart')),
      releaseOutbox: fromPromise(() => doing(it, 'releaseOutbox')),
      handOver: fromPromise<void, { mode: RestartMode }>(() => doing(it, 'handOver of the program')),
      stateReporter: stateReporterMachine.provide({
        actors: {
          collect: fromPromise<StateReport, { commitVersion: string }>(async ({ input }) => ({
            millis: 1,
            pu_commit_version: input.commitVersion,
          })),
          publish: fromPromise<void, { report: StateReport }>(async ({ input }) => {
            await doing(it, 'publish');
            it.reports.push(input.report);
          }),
        },
      }),
    },
    actions: {
      log: (_, line) => log(line),
      endWork: () => void it.work.push('ended'),
      resumeWork: () => void it.work.push('resumed'),
    },
  });

/** Whether an event is the unit's own, and no fact of a child that it passes on. */
const isNews = (event: UnitFact): event is UnitEmitted => !event.type.includes('.');

export const createUnit = (change: Partial<UnitInput> = {}, it: World = createWorld(), machine = provideWorld) => {
  const clock = new SimulatedClock();
  const news: UnitEmitted[] = [];
  const lines: LogLine[] = [];
  const actor = createActor(
    machine(it, ({ level, text }) => lines.push({ level, text })),
    {
      clock,
      input: {
        managesWifi: false,
        protocol: 'auto',
        restartMode: 'env_schema_only',
        checksVersion: true,
        isCompiled: false,
        isSupervised: false,
        logConfig,
        ...change,
      },
    },
  );
  actor.on('*', (event) => isNews(event) && news.push(event));
  actor.subscribe({ error: () => undefined });
  actor.start();
  const lifecycle = () => actor.getSnapshot().value.lifecycle;
  return { actor, clock, it, lifecycle, lines, news, told: () => news.map(({ type }) => type) };
};

export const createOnlineUnit = async (change: Partial<UnitInput> = {}, it: World = createWorld()) => {
  const unit = createUnit(change, it);
  unit.actor.send({ type: 'unit.start' });
  await settle();
  expect(unit.lifecycle()).toEqual({ operating: 'online' });
  return unit;
};

export const lastLink = (it: World) => {
  const link = it.links.at(-1);
  if (!link) throw new Error('No link was asked for');
  return link;
};

export const breakLink = (it: World) =>
  lastLink(it).tell({ type: 'link.closed', failure: { name: 'BrokerError', code: 'network', message: 'broke' } });
