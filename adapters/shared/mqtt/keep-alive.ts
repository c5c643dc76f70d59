import type { MqttClient, Packet } from 'mqtt';
import type { BrokerError } from '../../../services/errors.ts';
import type { PendingAck, PendingAcks } from './pending-acks.ts';

interface Ping {
  resolve(): void;
  reject(error: BrokerError): void;
}

const ignore = (): void => undefined;

/** How much later than an acknowledgement mqtt.js may take the line for silent: a twentieth of the keep-alive. */
const perKeepAliveMs = 1000 / 20;

type Client = Pick<MqttClient, 'stream' | 'keepalive' | 'sendPing' | 'reschedulePing' | 'on' | 'off'>;

/**
 * Follows every PINGREQ on its way, those of mqtt.js too: brokers answer in order, so that a PINGRESP tells what they have
 * had.
 */
class FollowedPings {
  readonly #client: Client;
  readonly #acks: PendingAcks;
  readonly #onAnswers: (() => void)[] = [];
  #marker: PendingAck | undefined;
  readonly #onSent = ({ cmd }: Packet) => {
    if (cmd === 'pingreq') this.#follow();
  };
  readonly #onReceived = ({ cmd }: Packet) => {
    if (cmd === 'pingresp') this.#onAnswers.shift()?.();
  };

  constructor(client: Client, acks: PendingAcks) {
    this.#client = client;
    this.#acks = acks;
    client.on('packetsend', this.#onSent).on('packetreceive', this.#onReceived);
  }

  mark(): void {
    if (this.#marker?.isOpen) return;
    this.#marker = this.#acks.expect('a PINGREQ behind messages of QoS 0 was not answered', 0, ignore, ignore);
    this.#client.sendPing();
  }

  stop(): void {
    this.#client.off('packetsend', this.#onSent).off('packetreceive', this.#onReceived);
  }

  #follow(): void {
    const timed = this.#marker;
    const onAnswer = this.#acks.here();
    this.#onAnswers.push(() => {
      if (timed) this.#acks.settle(timed);
      onAnswer();
    });
  }
}

/**
 * Keeps a connection alive: pings on request (MQTT section 3.12), and postpones mqtt.js's own pings.
 *
 * Any packet from the broker answers a ping. While the line is busy with a large message, none can: then the time of
 * its acknowledgement is what ends a dead link, and the ping is taken as answered.
 */
export class KeepAlive {
  readonly #client: Client;
  readonly #acks: PendingAcks;
  readonly #followed: FollowedPings;
  readonly #pings: Ping[] = [];
  readonly #onData = () => {
    this.#client.stream.off('data', this.#onData);
    for (const { resolve } of this.#pings.splice(0)) resolve();
  };
  #putOffMs = -Infinity;
  #isAcknowledged = false;

  /** @param acks Know whether the line is busy. */
  constructor(client: Client, acks: PendingAcks) {
    this.#client = client;
    this.#acks = acks;
    this.#followed = new FollowedPings(client, acks);
  }

  ping(): Promise<void> {
    if (this.#acks.isCarrying()) {
      this.#putOff();
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      if (this.#pings.length === 0) this.#client.stream.on('data', this.#onData);
      this.#pings.push({ resolve, reject });
      this.#client.sendPing();
    });
  }

  /** Sends a PINGREQ behind messages of QoS 0, so that there is an answer to time them by; one at a time. */
  mark(): void {
    this.#followed.mark();
  }

  /** Call it for each acknowledgement. */
  onAck(): void {
    this.#isAcknowledged = true;
  }

  /** Call it when bytes have been read. mqtt.js makes a timer anew each time, which is done now and then. */
  onRead(): void {
    if (!this.#isAcknowledged) return;
    this.#isAcknowledged = false;
    if (performance.now() - this.#putOffMs >= this.#client.keepalive * perKeepAliveMs) this.#putOff();
  }

  /** Fails pending pings after the connection ended. */
  stop(error: BrokerError): void {
    this.#followed.stop();
    this.#client.stream.off('data', this.#onData);
    for (const { reject } of this.#pings.splice(0)) reject(error);
  }

  #putOff(): void {
    this.#putOffMs = performance.now();
    this.#client.reschedulePing(true);
  }
}
