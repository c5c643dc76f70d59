import type { MqttClient, Packet } from 'mqtt';
import type { BrokerError } from '../../../services/errors.ts';
import type { PendingAck, PendingAcks } from './pending-acks.ts';

/** What the broker owes an answer to, or two of them. */
export interface Released {
  /** The next answer. */
  ack: PendingAck;
  /** Expects the answer to PUBREL, which ends the delivery of a message of QoS 2. */
  readonly expectLast: () => PendingAck;
}

/** A message of QoS 1 or 2. */
export interface Unacknowledged extends Released {
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: 1 | 2;
  readonly retain: boolean;
}

/** The promise of a message. */
export interface Outcome {
  readonly resolve: () => void;
  readonly reject: (error: BrokerError) => void;
}

const ignore = (): void => undefined;

/** Expects the answers to a message: one at QoS 1, two at QoS 2. */
export const expectAnswers = (
  acks: PendingAcks,
  what: string,
  bytes: number,
  qos: 1 | 2,
  { resolve, reject }: Outcome,
): Released => ({
  ack: acks.expect(what, bytes, qos === 1 ? resolve : ignore, reject),
  expectLast: () => acks.expect(what, 0, resolve, reject),
});

/**
 * Follows messages of QoS 2: the broker owes two answers to each, and the last one comes behind all that was sent before
 * PUBREL.
 */
export const createReleases = (client: MqttClient, acks: PendingAcks) => {
  const unreleased = new Map<number, Released>();
  const onSent = (packet: Packet) => {
    if (packet.cmd !== 'pubrel' || packet.messageId === undefined) return;
    const message = unreleased.get(packet.messageId);
    if (!message) return;
    unreleased.delete(packet.messageId);
    acks.settle(message.ack);
    message.ack = message.expectLast();
  };
  client.on('packetsend', onSent);
  return {
    /** Follows the message that was published last. */
    follow: (message: Released) => void unreleased.set(client.getLastMessageId(), message),
    forget: (messageId: number | undefined) => void unreleased.delete(messageId ?? 0),
    stop: () => void client.off('packetsend', onSent),
  };
};
