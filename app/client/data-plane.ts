import type { LogConfig } from '../../machines/logger.ts';
import { fileLogSink } from '../../adapters/shared/log/file-log-sink.ts';
import type { UnitEnv } from '../../services/env.ts';
import { LogLevel } from '../../services/log.ts';
import { unlistedBaseTopics, type UnitSchema } from '../../services/schema.ts';
import type { Adapters } from '../platform.ts';
import type { Command } from '../messaging/inbound/command.ts';
import { createCommandIntake } from '../messaging/inbound/command-intake.ts';
import { defaultInboxLimits } from '../messaging/inbound/topic-queues.ts';
import { createInbox, type Inbox } from '../messaging/inbound/inbox.ts';
import { createInboundTopics } from '../messaging/inbound/topics.ts';
import { watchInbox } from '../messaging/inbound/watch.ts';
import { createLogDispatcher, type LogDispatcher } from '../logging/log.ts';
import { createMqttLogSink, type MqttLogSink } from '../logging/mqtt-sink.ts';
import { createRestartablePublisher, type RestartablePublisher } from '../messaging/outbound/restartable-publisher.ts';
import { createRouter, maxPauseMs, type Router } from '../messaging/router.ts';
import type { ResolvedOptions } from './options/options.ts';
import type { Epoch } from './api/time-manager.ts';
import { shownSettings, topicKeys, type UnitRecorder } from './recording.ts';

/** The path of messages and log entries, which bypasses the statecharts: router, inbox, publisher and log. */
export interface DataPlane {
  readonly inbox: Inbox;
  readonly publisher: RestartablePublisher;
  readonly router: Router;
  readonly log: LogDispatcher;
  readonly logFile: ReturnType<typeof fileLogSink>;
  readonly mqttLog: MqttLogSink;
  readonly warn: (message: string) => void;
  /** Does work that nothing waits for but the stop; it never rejects. */
  inBackground(work: Promise<void>): void;
  /** Lets a stop wait for work of somebody else, however that ends. @returns The work. */
  untilEnded<T>(work: Promise<T>): Promise<T>;
  /** Resolves when the work in the background is done. */
  backgroundEnded(): Promise<void>;
  /** Applies an env: the unit that the messages belong to. */
  adoptEnv(env: UnitEnv): void;
  /** Takes over how far real time is ahead of the monotonic clock, and so how old the messages of earlier runs are. */
  adoptTime(offsetMs: number): void;
  /** Applies the topics of a schema. */
  adoptSchema(schema: UnitSchema): void;
}

export interface DataPlaneParts {
  readonly adapters: Adapters;
  readonly options: ResolvedOptions;
  readonly epoch: Epoch;
  readonly env: () => UnitEnv | undefined;
  readonly onCommand: (command: Command) => void;
  /** Topics that the app subscribes to besides the schema's. */
  readonly extraTopics: () => readonly string[];
  readonly recorder: UnitRecorder | undefined;
}

/** Logs which variables of an env are not used as given, once for as long as that stays the same. */
const createEnvRemarks = (log: LogDispatcher) => {
  let told = '';
  return ({ defaulted, renamed, reserved }: UnitEnv) => {
    const remarks = JSON.stringify([defaulted, renamed]);
    if (remarks === told) return;
    told = remarks;
    const values = defaulted.map((name) => `${name} (${reserved[name]})`).join(', ');
    if (values !== '') log.log(LogLevel.Warning, `env.json: the defaults stand in for what can't be used: ${values}`);
    if (renamed.length > 0) log.log(LogLevel.Debug, `env.json has older names of ${renamed.join(', ')}`);
  };
};

/** How many lines of the log are kept before the env says it: those of earlier runs are not to be cut off. */
const maxEarlyLines = 10_000;

/** How the log works before the env is loaded. */
const earlyLogConfig = (options: ResolvedOptions): LogConfig => ({
  minLevel: LogLevel.Debug,
  maxLength: maxEarlyLines,
  console: options.ffConsoleLogEnable,
  file: options.ffFileLogEnable,
  mqtt: options.ffMqttLogEnable,
});

const doNothing = (): void => undefined;

const createBackground = (): Pick<DataPlane, 'inBackground' | 'untilEnded' | 'backgroundEnded'> => {
  const background = new Set<Promise<void>>();
  const inBackground = (work: Promise<void>) => {
    background.add(work);
    void work.then(() => background.delete(work));
  };
  return {
    inBackground,
    untilEnded: (work) => {
      inBackground(work.then(doNothing, doNothing));
      return work;
    },
    backgroundEnded: async () => void (await Promise.all(background)),
  };
};

export const createDataPlane = (parts: DataPlaneParts): DataPlane => {
  const { adapters, options, epoch, env, onCommand, extraTopics, recorder } = parts;
  const { clock, storage, console } = adapters;
  const log = createLogDispatcher(
    { clock, sinks: { console }, epochMs: epoch.trustedEpochMs, watch: recorder?.logged },
    earlyLogConfig(options),
  );
  const warn = (message: string) => log.say(LogLevel.Warning, message);
  const logFile = fileLogSink({
    storage,
    path: options.logFilePath,
    maxLines: () => log.config.maxLength,
    onFailure: (thrown) => log.reportFailure('file', thrown),
  });
  const publisher = createRestartablePublisher({
    store: options.outbox.durable === false ? undefined : adapters.outbox,
    clock,
    options: options.outbox,
    epochMs: epoch.syncedEpochMs,
    warn,
    watch: recorder?.outbound,
  });
  const mqttLog = createMqttLogSink(publisher, () => log.config.maxLength);
  log.addSink('file', logFile);
  if (options.ffMqttEnable) log.addSink('mqtt', mqttLog);
  const pauseMs = () => maxPauseMs(env(), options.mqtt);
  const inbox = watchInbox(createInbox({ clock, limits: defaultInboxLimits, pauseMs, warn }), recorder?.inbound);
  const commands = createCommandIntake({ onCommand, warn });
  const remark = createEnvRemarks(log);
  const topics = createInboundTopics(extraTopics, options.codecs);
  const router = createRouter({ env, preferences: options.mqtt, topics, inbox, publisher, commands });
  return {
    inbox,
    publisher,
    router,
    log,
    logFile,
    mqttLog,
    warn,
    ...createBackground(),
    adoptEnv: (adopted) => {
      recorder?.settings(shownSettings(adopted));
      publisher.claim(adopted.unitUuid);
      remark(adopted);
    },
    adoptTime: (offsetMs) => {
      epoch.setOffset(offsetMs);
      publisher.timeSynced();
    },
    adoptSchema: (adopted) => {
      recorder?.topics(topicKeys(adopted));
      topics.route(adopted);
      publisher.route(adopted);
      mqttLog.route(adopted);
      const unlisted = unlistedBaseTopics(adopted);
      if (unlisted.length > 0) log.say(LogLevel.Debug, `schema.json lists no ${unlisted.join(', ')}`);
    },
  };
};
