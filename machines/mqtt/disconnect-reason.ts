import type { MqttVersion } from '../../services/broker.ts';
import type { Failure } from '../../services/errors.ts';
import { timedOut } from '../lib/failure.ts';

/** MQTT version to use: a fixed one, or the one detected on the broker. */
export type MqttProtocol = 'auto' | MqttVersion;

/** What is known of a broker's MQTT versions. */
export interface Versions {
  readonly protocol: MqttProtocol;
  /** Version of the next attempt. */
  readonly version: MqttVersion;
  /** Version detected on the broker. */
  readonly provenVersion: MqttVersion | undefined;
}

/**
 * Whether a failed attempt should be retried at once with MQTT 3.1.1.
 *
 * Brokers without MQTT 5 either refuse it in CONNACK (`protocol`) or close the connection (`closed`); see MQTT 5,
 * section 3.1.2.2.
 */
export const canFallBack = ({ protocol, version, provenVersion }: Versions, failure: Failure): boolean =>
  protocol === 'auto' &&
  version === 5 &&
  (failure.code === 'protocol' || (failure.code === 'closed' && provenVersion === undefined));

/** Version after a wait: the detected one, unless the broker now refuses it; else detection starts again. */
export const versionAfter = (
  { protocol, provenVersion }: Versions,
  failure: Failure | undefined,
): Pick<Versions, 'version' | 'provenVersion'> => {
  if (protocol !== 'auto') return { version: protocol, provenVersion };
  const known = failure?.code === 'protocol' ? undefined : provenVersion;
  return { version: known ?? 5, provenVersion: known };
};

const refusals: readonly string[] = ['credentials', 'protocol', 'quota'];

/** Whether the broker refuses this unit, so that a retry at once would not help. */
export const isRefusal = ({ code }: Failure): boolean => refusals.includes(code);

/** Whether another program took the session, which a retry would take back. */
export const isTakeover = ({ code }: Failure): boolean => code === 'takenOver';

/** The failure of a link on which the instance denies the unit its own topics. */
export const ownTopicsDenied: Failure = {
  name: 'BrokerError',
  code: 'credentials',
  message:
    'The broker denies the unit the base topics of schema.json: the instance does not answer it or has no such unit any more, or the file is that of another unit. Messages wait; the unit tries again.',
};

/** The failure of a link whose broker did not answer a ping. */
export const noSignOfLife: Failure = {
  name: 'TimeoutError',
  code: 'timeout',
  message: 'The MQTT broker gave no sign of life when it was asked for one',
};

/** The failure of a link or an attempt whose broker did not answer in time. */
export const noAnswer = timedOut('Waiting for the MQTT broker');

/**
 * Adds the likely cause to the failure of links that are opened and closed again and again.
 *
 * MQTT 3.1.1 can't report a session takeover, and MQTT 5's report (DISCONNECT 0x8E) may be lost with the connection;
 * see section 3.1.4 of both.
 */
export const withSuspicion = (failure: Failure, closures: number): Failure =>
  closures < 2
    ? failure
    : {
        ...failure,
        message: `${failure.message} It has closed ${closures} links in a row. Another program may run with the same unit: look for it, and stop one of the two.`,
      };
