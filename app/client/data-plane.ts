import { fileLogSink } from '../../adapters/shared/log/file-log-sink.ts';
import { secretVariables, type UnitEnv } from '../../services/env.ts';
import { LogLevel } from '../../services/log.ts';
import type { UnitSchema } from '../../services/schema.ts';
import type { Adapters } from '../platform.ts';
import type { Command } from '../messaging/inbound/command.ts';
import { defaultInboxBounds } from '../messaging/inbound/inbox-backlog.ts';
import { createInbox, type Inbox } from '../messaging/inbound/inbox.ts';
import { createJournal, type Journal } from '../logging/log.ts';
import { mqttLogSink, type MqttLogSink } from '../logging/mqtt-sink.ts';
import { createPublisher, type Publisher } from '../messaging/outbound/publisher.ts';
import { createSwitchboard, type Switchboard } from '../messaging/router.ts';
import type { ResolvedOptions } from './options/options.ts';
import type { Epoch } from './api/time-manager.ts';

/** What messages and log entries pass through, past the statecharts. */
export interface DataPlane {
  readonly inbox: Inbox;
  readonly publisher: Publisher;
  readonly switchboard: Switchboard;
  readonly journal: Journal;
  readonly logFile: ReturnType<typeof fileLogSink>;
  readonly mqttLog: MqttLogSink;
  readonly warn: (message: string) => void;
  /** Takes over the topics of a schema. */
  route(schema: UnitSchema): void;
}

export interface DataPlaneParts {
  readonly adapters: Adapters;
  readonly options: ResolvedOptions;
  readonly epoch: Epoch;
  readonly env: () => UnitEnv | undefined;
  readonly schema: () => UnitSchema | undefined;
  readonly onCommand: (command: Command) => void;
}

const secretsOf = (env: UnitEnv | undefined): string[] =>
  env ? secretVariables.map((name) => env.reserved[name]) : [];

export const createDataPlane = ({ adapters, options, epoch, env, schema, onCommand }: DataPlaneParts): DataPlane => {
  const { clock, storage, console } = adapters;
  const warn = (message: string) => journal.log(LogLevel.Warning, message);
  const publisher = createPublisher({
    store: options.outbox.durable === false ? undefined : adapters.outbox,
    clock,
    options: options.outbox,
    epochMs: epoch.trustedEpochMs,
    warn,
  });
  const inbox = createInbox({ clock, bounds: defaultInboxBounds, pauseMs: () => switchboard.pauseMs(), warn });
  const logFile = fileLogSink({
    storage,
    path: options.logFilePath,
    maxLines: () => journal.config.maxLength,
    onFailure: (thrown) => journal.tellFailure('file', thrown),
  });
  const mqttLog = mqttLogSink(publisher, schema);
  const journal = createJournal(
    {
      sinks: { console, file: logFile, mqtt: mqttLog },
      epochMs: epoch.trustedEpochMs,
      secrets: () => secretsOf(env()),
    },
    {
      minLevel: LogLevel.Debug,
      maxLength: 64,
      console: options.ffConsoleLogEnable,
      file: options.ffFileLogEnable,
      mqtt: options.ffMqttLogEnable,
    },
  );
  const switchboard = createSwitchboard({
    env,
    preferences: options.mqtt,
    inbox,
    publisher,
    onCommand,
    onRefusal: warn,
  });
  const route = (adopted: UnitSchema) => {
    switchboard.route(adopted);
    publisher.route(adopted);
  };
  return { inbox, publisher, switchboard, journal, logFile, mqttLog, warn, route };
};
