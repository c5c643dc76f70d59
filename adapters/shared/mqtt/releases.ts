import type { MqttClient, Packet } from 'mqtt';
import type { Outcome } from '../../../services/broker.ts';
import type { BrokerError } from '../../../services/errors.ts';
import type { PendingAck, PendingAcks } from './pending-acks.ts';

/** A message of QoS 1 or 2, and the answer to it that the broker owes. */
export class Unacknowledged implements PendingAck {
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  readonly #outcome: Outcome;
  /** Its packet identifier, where it goes past the MQTT library. */
  id = 0;
  bytes = 0;
  place = 0;
  isOpen = false;
  next: PendingAck | undefined = undefined;
  /** The answer that is owed: at first the one to itself, at QoS 2 then the one to PUBREL. */
  owed: PendingAck = this;

  constructor(topic: string, payload: Uint8Array | string, qos: 1 | 2, retain: boolean, outcome: Outcome) {
    this.topic = topic;
    // mqtt.js accepts any Uint8Array as a payload, but its types require a Buffer.
    this.payload = payload as Buffer | string;
    this.qos = qos;
    this.retain = retain;
    this.#outcome = outcome;
  }

  get what(): string {
    return `a message on ${this.topic} was not acknowledged`;
  }

  resolve(): void {
    if (this.qos === 1) this.#outcome.resolve();
  }

  reject(error: BrokerError): void {
    this.#outcome.reject(error);
  }

  /** Expects the answer to PUBREL, which ends the delivery of a message of QoS 2. */
  expectLast(acks: PendingAcks): void {
    const outcome = this.#outcome;
    this.owed = acks.expect(
      this.what,
      0,
      () => outcome.resolve(),
      (error) => outcome.reject(error),
    );
  }
}

/**
 * Follows messages of QoS 2: the broker owes two answers to each, and the last one comes behind all that was sent before
 * PUBREL.
 */
export const createReleases = (client: MqttClient, acks: PendingAcks) => {
  const unreleased = new Map<number, Unacknowledged>();
  const onSent = (packet: Packet) => {
    if (packet.cmd !== 'pubrel' || packet.messageId === undefined) return;
    const message = unreleased.get(packet.messageId);
    if (!message) return;
    unreleased.delete(packet.messageId);
    acks.settle(message.owed);
    message.expectLast(acks);
  };
  client.on('packetsend', onSent);
  return {
    /** Follows the message that was published last. */
    follow: (message: Unacknowledged) => void unreleased.set(client.getLastMessageId(), message),
    forget: (messageId: number | undefined) => void unreleased.delete(messageId ?? 0),
    stop: () => void client.off('packetsend', onSent),
  };
};
