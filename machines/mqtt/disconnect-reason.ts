import type { AnyEventObject } from 'xstate';
import type { MqttVersion } from '../../services/broker.ts';
import { failureOf, type Failure } from '../../services/errors.ts';
import { timedOut } from '../lib/failure.ts';

/** Which MQTT to speak: one version, or what the broker is found to speak. */
export type MqttProtocol = 'auto' | MqttVersion;

/** What is known of the versions that a broker speaks. */
export interface Versions {
  readonly protocol: MqttProtocol;
  /** What the next attempt speaks. */
  readonly version: MqttVersion;
  /** What a broker was found to speak. */
  readonly provenVersion: MqttVersion | undefined;
}

/**
 * Whether an attempt that failed is worth another at once with MQTT 3.1.1.
 *
 * Brokers that know no MQTT 5 either say so in CONNACK (`protocol`) or just hang up (`closed`); see MQTT 5, section 3.1.2.2.
 */
export const canFallBack = ({ protocol, version, provenVersion }: Versions, failure: Failure): boolean =>
  protocol === 'auto' &&
  version === 5 &&
  (failure.code === 'protocol' || (failure.code === 'closed' && provenVersion === undefined));

/** What to speak after a wait: what worked before, unless the broker now says no to it; else start anew. */
export const versionAfter = (
  { protocol, provenVersion }: Versions,
  failure: Failure | undefined,
): Pick<Versions, 'version' | 'provenVersion'> => {
  if (protocol !== 'auto') return { version: protocol, provenVersion };
  const known = failure?.code === 'protocol' ? undefined : provenVersion;
  return { version: known ?? 5, provenVersion: known };
};

const refusals: readonly string[] = ['credentials', 'protocol', 'takenOver', 'quota'];

/** Whether the broker does not want this unit as it is, so that asking again soon would not help. */
export const isRefusal = ({ code }: Failure): boolean => refusals.includes(code);

const silent: Failure = {
  name: 'TimeoutError',
  code: 'timeout',
  message: 'The MQTT broker gave no sign of life when it was asked for one',
};

/** Why a link or an attempt ended, from the event that ended it; nothing when it was asked to end. */
export const disconnectReason = (event: AnyEventObject): { failure?: Failure } => {
  if (event.type === 'link.closed' || event.type === 'link.refused') return { failure: event['failure'] };
  if (event.type.startsWith('xstate.error.')) return { failure: failureOf(event['error']) };
  if (event.type.startsWith('xstate.after.answerWithin')) return { failure: silent };
  if (event.type.startsWith('xstate.after.')) return { failure: timedOut('Waiting for the MQTT broker') };
  return {};
};

/**
 * What may be behind links that are closed again and again though others are opened at once.
 *
 * MQTT 3.1.1 has no word for a session that was taken over, and the one of MQTT 5 (DISCONNECT 0x8E) may be lost with the
 * connection; see section 3.1.4 of both.
 */
export const withSuspicion = (failure: Failure, closures: number): Failure =>
  closures < 2
    ? failure
    : {
        ...failure,
        message: `${failure.message} It has closed ${closures} links in a row. Another program may run with the same unit: look for it, and stop one of the two.`,
      };
