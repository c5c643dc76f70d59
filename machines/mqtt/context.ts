import type { Grant, MqttVersion } from '../../services/broker.ts';
import type { LinkEvent } from '../../services/link.ts';
import type { Failure } from '../../services/errors.ts';
import type { Quarantine } from './topic-quarantine.ts';
import type { MqttProtocol } from './disconnect-reason.ts';
import type { Account, Subscriptions } from './subscriptions.ts';
import { childOf, type Child, type ChildInput } from '../lib/parent.ts';

/** Events that the mqtt machine accepts, from its parent and from the link actor. */
export type MqttEvent =
  | { type: 'network.up' }
  | { type: 'network.down' }
  /**
   * Keep a link from now on; a newer revision replaces the current link. The broker is pinged every `pingIntervalMs`,
   * by default 20 seconds, and has the same time to answer.
   */
  | { type: 'mqtt.connect'; linkRevision: number; pingIntervalMs?: number }
  | { type: 'mqtt.disconnect' }
  /** A broker is there again: end the delay before the next attempt. */
  | { type: 'mqtt.retry' }
  | { type: 'mqtt.want'; topics: readonly string[] }
  | { type: 'mqtt.resubscribe' }
  | LinkEvent;

/** Facts that the mqtt machine reports to its parent. */
export type MqttFact =
  /** A link opened; `isRepeated` while the instance denies the unit its own topics. */
  | { type: 'mqtt.connected'; sessionPresent: boolean; version: MqttVersion; isRepeated?: true }
  /** The instance denies the unit its own topics; `isRepeated` until `mqtt.granted`. */
  | { type: 'mqtt.denied'; failure: Failure; isRepeated?: true }
  /** The instance grants the unit its topics again. */
  | { type: 'mqtt.granted' }
  /**
   * Every wanted topic was answered; reported after each connect, and after each change of the wanted, granted or
   * denied topics.
   */
  | { type: 'mqtt.online'; granted: number; denied: readonly Grant[] }
  /** An open link ended; `isRepeated` if the one before ended alike, with no stable link since. */
  | { type: 'mqtt.offline'; failure?: Failure; isRepeated?: true }
  /** An attempt to open a link failed; reported once per reason until a link opens. */
  | { type: 'mqtt.failed'; failure: Failure }
  /** The link was closed on request. */
  | { type: 'mqtt.stopped' };

export interface MqttInput extends ChildInput<MqttFact> {
  /** `auto` starts with MQTT 5 and detects the broker's version. */
  protocol: MqttProtocol;
  /** Number of brokers to try in turn. @defaultValue 1 */
  brokers?: number;
  /** Time limit of each answer from the broker, milliseconds. @defaultValue 10_000 */
  timeoutMs?: number;
  /** Initial count of failures, from machines that ran before this one. @defaultValue 0 */
  attempts?: number;
  /** Whether the instance denied the unit its own topics on the last link, by one of those. @defaultValue false */
  isDenied?: boolean;
}

export interface MqttContext extends Subscriptions, Quarantine, Child<MqttFact> {
  protocol: MqttProtocol;
  /** Version of the next attempt. */
  version: MqttVersion;
  /** Version detected on the broker. */
  provenVersion: MqttVersion | undefined;
  hasNetwork: boolean;
  isWanted: boolean;
  linkRevision: number;
  pingIntervalMs: number;
  brokers: number;
  /** Index of the next attempt's broker, counted from the preferred one. */
  broker: number;
  timeoutMs: number;
  /** Whether the instance has denied the unit its own topics, and granted none since. */
  isDenied: boolean;
  /** How often the denied topics of this link were asked for again. */
  retries: number;
  /** Whether any link was ever open. */
  wasOpen: boolean;
  /** Failures since the last stable link. */
  attempts: number;
  /** Number of consecutive links that were online until they were closed, with no other failure in between. */
  closures: number;
  /** Reported end of the last open link, until a link is stable. */
  lostBy: string | undefined;
  /** Failure of the last link or attempt. */
  failure: Failure | undefined;
  /** Reasons reported since the link was last open. */
  reportedReasons: readonly string[];
  /** Last report about this link's topics. */
  account: Account | undefined;
}

/** The initial context of the mqtt machine: no network, nothing wanted. */
export const newMqttContext = ({
  protocol,
  brokers = 1,
  timeoutMs = 10_000,
  attempts = 0,
  isDenied = false,
  ...child
}: MqttInput): MqttContext => ({
  protocol,
  version: protocol === 'auto' ? 5 : protocol,
  provenVersion: undefined,
  hasNetwork: false,
  isWanted: false,
  linkRevision: 0,
  pingIntervalMs: 20_000,
  brokers,
  broker: 0,
  timeoutMs,
  isDenied,
  retries: 0,
  wasOpen: false,
  attempts,
  closures: 0,
  lostBy: undefined,
  failure: undefined,
  reportedReasons: [],
  account: undefined,
  wanted: [],
  asked: [],
  granted: [],
  denied: [],
  suspects: [],
  quarantined: [],
  ...childOf(child),
});
