import type { Link, LinkOptions, MessageProperties, MqttVersion, TlsOptions } from '../../services/broker.ts';
import { brokerAddressOf, type BrokerAddress } from '../../services/last-link.ts';
import type { LinkUser } from '../../services/link.ts';
import type { UnitEnv } from '../../services/env.ts';
import { BrokerError } from '../../services/errors.ts';
import { pingIntervalOf } from '../../services/settings.ts';
import type { CommandIntake } from './inbound/command-intake.ts';
import type { Inbox } from './inbound/inbox.ts';
import { InboundMessage } from './inbound/message.ts';
import type { InboundTopics } from './inbound/topics.ts';
import { fleetJitterMs, jitterWindowOf } from './jitter-window.ts';
import type { Publisher } from './outbound/publisher.ts';

/** Options of the MQTT link. */
export interface LinkPreferences {
  /**
   * URLs of brokers to try in turn, the preferred one first, such as `wss://host:8084/mqtt`. After a failed attempt the next
   * one is tried at once. A working link is kept; when it ends, the preferred broker is tried first again.
   *
   * @defaultValue the broker of env.json
   */
  readonly brokers?: readonly string[] | undefined;
  /** TLS options, for private authorities and client certificates. @defaultValue the host's trusted authorities */
  readonly tls?: TlsOptions | undefined;
  /**
   * Jitter window of reconnects, milliseconds: units that lose their broker together come back spread over this time, each
   * after half of it on average. Allow 150 ms for each unit of the instance, which takes 20 new connections a second. The
   * first attempt after a start is not delayed; one after a refusal is.
   *
   * @defaultValue 150_000; 10_000 for a broker in a private network; 0 for one on this host
   */
  readonly spreadMs?: number | undefined;
  /**
   * Time limit for CONNACK and for each later answer of the broker (PUBACK, PUBREC, PUBCOMP, SUBACK, UNSUBACK),
   * milliseconds, up to 2^31 - 1. It starts when all earlier answers have come, so that a slow broker may owe many, and starts
   * again with whatever arrives. A slow line has the time that it needs for the bytes before the answer besides, at the
   * slowest rate seen on the link (at least 250 bytes a second). After that the link ends with {@link BrokerError}
   * `timeout`; the unit reconnects, and sends unacknowledged messages again.
   *
   * @defaultValue 10_000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Whether messages of QoS 0 and 1 are decoded straight from the connection's bytes, and encoded straight into them,
   * instead of by mqtt.js: several times as many a second, at the same calls. Turn it off to look for the cause of a fault.
   *
   * @defaultValue true
   */
  readonly fastPath?: boolean | undefined;
}

/** The parts that the router connects. */
export interface RouterParts {
  readonly env: () => UnitEnv | undefined;
  readonly preferences: LinkPreferences;
  readonly topics: Pick<InboundTopics, 'roleOf'>;
  readonly inbox: Inbox;
  readonly publisher: Publisher;
  readonly commands: Pick<CommandIntake, 'take'>;
}

const secureMqttPort = 8883;
const defaultTimeoutMs = 10_000;
const longestPauseMs = 2000;

/** Builds the URL of an env's broker. TLS options or the port select TLS; an IPv6 address may lack brackets. */
export const brokerUrl = ({ reserved }: UnitEnv, tls?: TlsOptions): string => {
  const isSecure = tls !== undefined || reserved.PU_MQTT_PORT === secureMqttPort;
  const host = /^[^[]*:.*:/.test(reserved.PU_MQTT_HOST) ? `[${reserved.PU_MQTT_HOST}]` : reserved.PU_MQTT_HOST;
  return `${isSecure ? 'mqtts' : 'mqtt'}://${host}:${reserved.PU_MQTT_PORT}`;
};

/** Longest pause of reading that breaks neither the keep-alive nor an answer's time limit, milliseconds. */
export const maxPauseMs = (env: UnitEnv | undefined, { timeoutMs = defaultTimeoutMs }: LinkPreferences): number => {
  const pingIntervalMs = env ? pingIntervalOf(env.reserved) : Infinity;
  return Math.min(longestPauseMs, pingIntervalMs / 4, timeoutMs / 4);
};

/** Routes each message from the link to its handler by a map, without the statecharts. */
export class Router implements LinkUser {
  readonly #parts: RouterParts;
  #closing: Promise<void> | undefined;
  #lastUrl: string | undefined;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  options(version: MqttVersion, broker: number): LinkOptions {
    const { env, preferences } = this.#parts;
    const current = env();
    if (!current) throw new BrokerError('closed', 'No broker is known yet: env.json has not been loaded.');
    const url = this.#urlOf(current, broker);
    this.#lastUrl = url;
    return {
      url,
      version,
      clientId: current.unitUuid,
      username: current.reserved.PU_AUTH_TOKEN,
      keepaliveSeconds: current.reserved.PU_MQTT_KEEPALIVE,
      timeoutMs: preferences.timeoutMs ?? defaultTimeoutMs,
      ...(preferences.tls && { tls: preferences.tls }),
      ...(preferences.fastPath !== undefined && { fastPath: preferences.fastPath }),
    };
  }

  onMessage(
    topic: string,
    payload: Uint8Array,
    retained: boolean,
    properties: MessageProperties | undefined,
  ): Promise<void> | undefined {
    const { topics, inbox, commands } = this.#parts;
    const role = topics.roleOf(topic);
    if (!role) {
      inbox.passOver(topic);
      return undefined;
    }
    const message = new InboundMessage(topic, role, payload, retained, properties);
    if (role.command === undefined) return inbox.push(message, 'input');
    commands.take(role.command, topic, payload, retained);
    return inbox.push(message, 'command');
  }

  attach(link: Link, onDenied: (topic: string) => void): void {
    this.#parts.publisher.attach(link, onDenied);
  }

  resume(link: Link): void {
    this.#parts.publisher.resume(link);
  }

  detach(link: Link, closed: Promise<void>): void {
    this.#parts.publisher.detach(link);
    this.#closing = closed;
  }

  /** Resolves when the last detached link has closed. */
  async closed(): Promise<void> {
    await this.#closing;
  }

  /** Jitter window of reconnects, milliseconds. */
  jitterMs(): number {
    const { env, preferences } = this.#parts;
    const current = env();
    return preferences.spreadMs ?? (current ? jitterWindowOf(this.#urlOf(current, 0)) : fleetJitterMs);
  }

  /** Address of the last attempt's broker, before one of the preferred broker; `undefined` without an env. */
  brokerAddress(): BrokerAddress | undefined {
    const { env, preferences } = this.#parts;
    const current = env();
    const url = this.#lastUrl ?? (current && this.#urlOf(current, 0));
    return url === undefined ? undefined : brokerAddressOf(url, preferences.tls);
  }

  #urlOf(env: UnitEnv, broker: number): string {
    const { brokers, tls } = this.#parts.preferences;
    return brokers?.[broker] ?? brokerUrl(env, tls);
  }
}
