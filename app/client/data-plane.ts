import type { LogConfig } from '../../machines/logger.ts';
import { FileLogSink } from '../../adapters/shared/log/file-log-sink.ts';
import type { UnitEnv } from '../../services/env.ts';
import { LogLevel } from '../../services/log.ts';
import { unlistedBaseTopics, type UnitSchema } from '../../services/schema.ts';
import type { Adapters } from '../platform.ts';
import type { Command } from '../messaging/inbound/command.ts';
import { CommandIntake } from '../messaging/inbound/command-intake.ts';
import { defaultInboxLimits } from '../messaging/inbound/topic-queues.ts';
import { createInbox, type Inbox } from '../messaging/inbound/inbox.ts';
import { InboundTopics } from '../messaging/inbound/topics.ts';
import { watchInbox } from '../messaging/inbound/watch.ts';
import { LogDispatcher } from '../logging/log.ts';
import { MqttLogSink } from '../logging/mqtt-sink.ts';
import { RestartablePublisher } from '../messaging/outbound/restartable-publisher.ts';
import { maxPauseMs, Router } from '../messaging/router.ts';
import type { ResolvedOptions } from './options/options.ts';
import type { Epoch } from './api/time-manager.ts';
import { shownSettings, topicKeys, type UnitRecorder } from './recording.ts';

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

/** The path of messages and log entries, which bypasses the statecharts: router, inbox, publisher and log. */
export class DataPlane {
  readonly log: LogDispatcher;
  readonly logFile: FileLogSink;
  readonly mqttLog: MqttLogSink;
  readonly publisher: RestartablePublisher;
  readonly inbox: Inbox;
  readonly router: Router;
  readonly #topics: InboundTopics;
  readonly #epoch: Epoch;
  readonly #recorder: UnitRecorder | undefined;
  readonly #background = new Set<Promise<void>>();
  #remarks = '';

  constructor({ adapters, options, epoch, env, onCommand, extraTopics, recorder }: DataPlaneParts) {
    const { clock, storage, console } = adapters;
    const { warn } = this;
    const maxLines = () => this.log.config.maxLength;
    this.#epoch = epoch;
    this.#recorder = recorder;
    this.log = new LogDispatcher(
      {
        clock,
        sinks: { console },
        epochMs: () => epoch.trustedEpochMs(),
        watch: recorder && ((entry) => recorder.logged(entry)),
      },
      earlyLogConfig(options),
    );
    this.logFile = new FileLogSink({
      storage,
      path: options.logFilePath,
      maxLines,
      onFailure: (thrown) => this.log.reportFailure('file', thrown),
    });
    this.publisher = new RestartablePublisher({
      store: options.outbox.durable === false ? undefined : adapters.outbox,
      clock,
      options: options.outbox,
      epochMs: () => epoch.syncedEpochMs(),
      warn,
      watch: recorder?.outbound,
    });
    this.mqttLog = new MqttLogSink(this.publisher, maxLines);
    this.log.addSink('file', this.logFile);
    if (options.ffMqttEnable) this.log.addSink('mqtt', this.mqttLog);
    const pauseMs = () => maxPauseMs(env(), options.mqtt);
    this.inbox = watchInbox(createInbox({ clock, limits: defaultInboxLimits, pauseMs, warn }), recorder?.inbound);
    this.#topics = new InboundTopics(extraTopics, options.codecs);
    this.router = new Router({
      env,
      preferences: options.mqtt,
      topics: this.#topics,
      inbox: this.inbox,
      publisher: this.publisher,
      commands: new CommandIntake({ onCommand, warn }),
    });
  }

  readonly warn = (message: string): void => this.log.say(LogLevel.Warning, message);

  /** Does work that nothing waits for but the stop; it never rejects. */
  inBackground(work: Promise<void>): void {
    this.#background.add(work);
    void work.then(() => this.#background.delete(work));
  }

  /** Lets a stop wait for work of somebody else, however that ends. @returns The work. */
  untilEnded<T>(work: Promise<T>): Promise<T> {
    this.inBackground(work.then(doNothing, doNothing));
    return work;
  }

  /** Resolves when the work in the background is done. */
  async backgroundEnded(): Promise<void> {
    await Promise.all(this.#background);
  }

  /** Applies an env: the unit that the messages belong to. */
  adoptEnv(adopted: UnitEnv): void {
    this.#recorder?.settings(shownSettings(adopted));
    this.publisher.claim(adopted.unitUuid);
    this.#remark(adopted);
  }

  /** Takes over how far real time is ahead of the monotonic clock, and so how old the messages of earlier runs are. */
  adoptTime(offsetMs: number): void {
    this.#epoch.setOffset(offsetMs);
    this.publisher.timeSynced();
  }

  /** Applies the topics of a schema. */
  adoptSchema(adopted: UnitSchema): void {
    this.#recorder?.topics(topicKeys(adopted));
    this.#topics.route(adopted);
    this.publisher.route(adopted);
    this.mqttLog.route(adopted);
    const unlisted = unlistedBaseTopics(adopted);
    if (unlisted.length > 0) this.log.say(LogLevel.Debug, `schema.json lists no ${unlisted.join(', ')}`);
  }

  /** Logs which variables of an env are not used as given, once for as long as that stays the same. */
  #remark({ defaulted, renamed, reserved }: UnitEnv): void {
    const remarks = JSON.stringify([defaulted, renamed]);
    if (remarks === this.#remarks) return;
    this.#remarks = remarks;
    const values = defaulted.map((name) => `${name} (${reserved[name]})`).join(', ');
    if (values !== '')
      this.log.log(LogLevel.Warning, `env.json: the defaults stand in for what can't be used: ${values}`);
    if (renamed.length > 0) this.log.log(LogLevel.Debug, `env.json has older names of ${renamed.join(', ')}`);
  }
}
