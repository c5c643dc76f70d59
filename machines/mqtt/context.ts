import type { Grant, MqttVersion } from '../../services/broker.ts';
import type { LinkEvent } from '../../services/link.ts';
import type { Failure } from '../../services/errors.ts';
import type { Quarantine } from './topic-quarantine.ts';
import type { MqttProtocol } from './disconnect-reason.ts';
import type { Parent } from '../lib/slot.ts';
import type { Account, Subscriptions } from './subscriptions.ts';

/** Events that the mqtt machine accepts, from others and from the actor that holds the link. */
export type MqttEvent =
  | { type: 'network.up' }
  | { type: 'network.down' }
  /**
   * Keep a link from now on; a newer revision closes the present one and opens another. The broker is asked for a sign
   * of life each `pingIntervalMs`, by default each 20 seconds, and gets as long to give one.
   */
  | { type: 'mqtt.connect'; linkRevision: number; pingIntervalMs?: number }
  | { type: 'mqtt.disconnect' }
  | { type: 'mqtt.want'; topics: readonly string[] }
  | { type: 'mqtt.resubscribe' }
  | LinkEvent;

/** Facts that the mqtt machine reports to its parent. */
export type MqttFact =
  | { type: 'mqtt.ready' }
  | { type: 'mqtt.connected'; sessionPresent: boolean; version: MqttVersion }
  /** Every wanted topic was answered; reported after each connect, and each change of what is wanted, granted or denied. */
  | { type: 'mqtt.online'; granted: number; denied: readonly Grant[] }
  /** A link that was open has ended; repeated when the one before ended alike, and none was stable since. */
  | { type: 'mqtt.offline'; failure?: Failure; isRepeated?: true }
  /** An attempt to open a link failed; reported once for each reason until a link is open. */
  | { type: 'mqtt.failed'; failure: Failure }
  /** The link was closed as asked. */
  | { type: 'mqtt.stopped' };

export interface MqttInput {
  parent: Parent<MqttFact>;
  /** `auto` starts with MQTT 5 and finds out what the broker speaks. */
  protocol: MqttProtocol;
  /** How many brokers there are to try in turn. @defaultValue 1 */
  brokers?: number;
  /** What the link allows the broker for each answer, milliseconds. @defaultValue 10_000 */
  timeoutMs?: number;
  /** Failures to begin with, of machines that ran before this one. @defaultValue 0 */
  attempts?: number;
}

export interface MqttContext extends Subscriptions, Quarantine {
  parent: Parent<MqttFact>;
  protocol: MqttProtocol;
  /** What the next attempt speaks. */
  version: MqttVersion;
  /** What a broker was found to speak. */
  provenVersion: MqttVersion | undefined;
  hasNetwork: boolean;
  isWanted: boolean;
  linkRevision: number;
  pingIntervalMs: number;
  brokers: number;
  /** Which of the brokers the next attempt goes to, counted from the preferred one. */
  broker: number;
  timeoutMs: number;
  /** Whether the link is open. */
  isOpen: boolean;
  /** Whether there ever was an open link. */
  wasOpen: boolean;
  /** Failures since the link was last stable. */
  attempts: number;
  /** How many links in a row were online until they were closed, with no other failure in between. */
  closures: number;
  /** What was reported of the end of the last open link, unless one was stable since. */
  lostBy: string | undefined;
  /** Why the last link ended or the last attempt failed. */
  failure: Failure | undefined;
  /** Reasons that were reported since the link was last open. */
  reportedReasons: readonly string[];
  /** What was reported last about this link's topics. */
  account: Account | undefined;
}

/** Where the mqtt machine starts: no network, nothing wanted. */
export const newMqttContext = ({
  parent,
  protocol,
  brokers = 1,
  timeoutMs = 10_000,
  attempts = 0,
}: MqttInput): MqttContext => ({
  parent,
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
  isOpen: false,
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
  doubted: [],
  shunned: [],
});
