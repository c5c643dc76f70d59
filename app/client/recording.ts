import type { AnyActorRef, InspectionEvent } from 'xstate';
import type { UnitEmitted } from '../../machines/unit/emitted.ts';
import { ClientError } from '../../services/errors.ts';
import type { UnitEnv } from '../../services/env.ts';
import type { JsonValue } from '../../services/json.ts';
import type { LogEntry } from '../../services/log.ts';
import type { InboxMetrics, OutboxMetrics } from '../../services/metrics.ts';
import { redacted } from '../../services/redaction.ts';
import { schemaSections, type UnitSchema } from '../../services/schema.ts';
import { isSecretVariable } from '../../services/secrets.ts';
import { commands, spoken } from '../messaging/inbound/command.ts';
import type { InboundWatch } from '../messaging/inbound/watch.ts';
import type { OutboundWatch } from '../messaging/outbound/watch.ts';
import type { Publisher } from '../messaging/outbound/publisher.ts';
import type { PublishResult } from '../messaging/outbound/result.ts';
import type { ResolvedOptions } from './options/options.ts';
import type { Root } from './root.ts';

/** The metrics that a recorder looks at. */
interface RecordedMetrics {
  readonly inbox: InboxMetrics;
  readonly outbox: OutboxMetrics;
}

/** A unit, as far as a recorder of it has to know it. */
export interface RecordedUnit {
  /** Version of this interface; a recorder of another one records nothing. */
  readonly v: 1;
  readonly envFilePath: string;
  /** Masks the unit's secrets in a text. */
  readonly redacted: (text: string) => string;
  readonly metrics: () => RecordedMetrics;
  /** The root actor of now. */
  readonly actor: () => AnyActorRef;
  readonly publish: (topic: string, payload: string, qos: 0 | 1 | 2) => Promise<PublishResult>;
  /** Obeys a command, named as the instance names it, as if that had sent it. @throws {ClientError | RestError} */
  readonly command: (name: string) => Promise<void>;
}

/** Gets what happens in a unit, while it happens; never throws. */
export interface UnitRecorder {
  /** Follows an actor that was created before the recorder saw it. */
  follow(root: AnyActorRef): void;
  inspect(event: InspectionEvent): void;
  emitted(event: UnitEmitted): void;
  /** Gets the variables of an env, secrets masked. */
  settings(variables: Readonly<Record<string, JsonValue>>): void;
  /** Gets the keys of the topics that a schema has. */
  topics(keys: Readonly<Record<string, string>>): void;
  logged(entry: LogEntry): void;
  restarting(mode: string): void;
  readonly inbound: InboundWatch;
  readonly outbound: OutboundWatch;
}

/** Makes the recorder of a unit. @returns `undefined` for a unit that is not recorded. */
export type RecorderFactory = (unit: RecordedUnit) => UnitRecorder | undefined;

/** Where a factory stands that was there before the unit. */
const key = Symbol.for('pepeunit.recorder');

/** The parts of a unit that a recorder looks at. */
export interface RecordedParts {
  readonly root: Root;
  readonly plane: { readonly publisher: Pick<Publisher, 'publish'> };
  readonly metrics: { read(): RecordedMetrics };
  /** Asks the instance for the version that the unit is to run. @throws {RestError | SettingsError} */
  readonly targetVersion: () => Promise<string>;
}

/** Obeys a command as if the instance had sent it. @throws {ClientError | RestError} */
const obey = async ({ root, targetVersion }: RecordedParts, name: string): Promise<void> => {
  const command = commands.find((one) => spoken[one] === name);
  if (!command) throw new ClientError('invalid', `There is no command "${name}".`);
  const target = command === 'update' ? { target: { commitVersion: await targetVersion() } } : {};
  root.actor.send({ type: 'command.received', command, ...target });
};

/**
 * Asks for the recorder of a unit.
 *
 * @param parts Returns the unit's parts, once they are there.
 * @returns `undefined` where nobody records, as almost everywhere.
 */
export const recorderOf = (
  { envFilePath }: Pick<ResolvedOptions, 'envFilePath'>,
  parts: () => RecordedParts,
): UnitRecorder | undefined =>
  (globalThis as { [key]?: RecorderFactory })[key]?.({
    v: 1,
    envFilePath,
    redacted,
    metrics: () => parts().metrics.read(),
    actor: () => parts().root.actor,
    publish: (topic, payload, qos) => parts().plane.publisher.publish(topic, payload, { qos }),
    command: (name) => obey(parts(), name),
  });

/** The variables of an env as they may be shown. */
export const shownSettings = ({ given }: UnitEnv): Record<string, JsonValue> =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, isSecretVariable(name) && value !== '' ? '***' : value]),
  );

/** The keys of a schema's topics, by the topics. */
export const topicKeys = (schema: UnitSchema): Record<string, string> =>
  Object.fromEntries(
    schemaSections.flatMap((section) =>
      Object.entries(schema[section]).flatMap(([name, topics]) => topics.map((topic) => [topic, name])),
    ),
  );

/** Lets a recorder hear what a unit tells. */
export const followRoot = (root: Root, recorder: UnitRecorder): void => {
  root.on('*' as UnitEmitted['type'], (event) => recorder.emitted(event));
  if (!root.isEmbedded) return;
  recorder.follow(root.actor);
  root.actor.system.inspect((event) => recorder.inspect(event));
};
