import type { LinkOptions, MqttVersion, TlsOptions } from '../../services/broker.ts';
import type { LinkUser } from '../../services/link.ts';
import type { UnitEnv } from '../../services/env.ts';
import { BrokerError } from '../../services/errors.ts';
import type { UnitSchema } from '../../services/schema.ts';
import { pingIntervalOf } from '../../services/settings.ts';
import { commandOfKey, parseCommand, type Command, type CommandName } from './inbound/command.ts';
import type { Inbox } from './inbound/inbox.ts';
import { InboundMessage } from './inbound/message.ts';
import { fleetJitterMs, jitterWindowOf } from './jitter-window.ts';
import type { Publisher } from './outbound/publisher.ts';

/** What a user may say about the MQTT link. */
export interface LinkPreferences {
  /**
   * URLs of brokers to try in turn, the preferred one first, such as `wss://host:8084/mqtt`. One that does not take the unit
   * is passed over without a wait; a link that works is kept, and at its end the preferred one is tried first again.
   *
   * @defaultValue the one that env.json names
   */
  readonly brokers?: readonly string[];
  readonly tls?: TlsOptions;
  /**
   * Over how long units that lose their broker together spread their return, milliseconds. One unit cannot know how many
   * others there are: 150 ms for each unit of the instance keep well within its 20 new connections a second. A unit is
   * back after half of it on average. A start is not spread: the first attempt comes at once; only where a broker is there
   * and does not take the unit, the next one is spread.
   *
   * @defaultValue 150_000; 10_000 for a broker in a private network; 0 for one on this very host
   */
  readonly spreadMs?: number;
  /**
   * How long the broker may take for CONNACK, and then for each answer (PUBACK, PUBREC and PUBCOMP, SUBACK, UNSUBACK),
   * milliseconds, up to 2^31 - 1. It counts from when all answers before it have come, so that a slow broker may owe many.
   * A link on which an answer takes longer is broken: it ends with {@link BrokerError} `timeout`, the next is opened after
   * a wait, and what was not acknowledged is sent again on that one. Raise it where the uplink needs longer for the largest
   * message.
   *
   * @defaultValue 10_000
   */
  readonly timeoutMs?: number;
}

/** What the router connects. */
export interface RouterParts {
  readonly env: () => UnitEnv | undefined;
  readonly preferences: LinkPreferences;
  readonly inbox: Inbox;
  readonly publisher: Publisher;
  readonly onCommand: (command: Command) => void;
  readonly onRefusal: (message: string) => void;
}

/** Routes each message by a map, from the link to its handler, past the statecharts. */
export interface Router extends LinkUser {
  /** Takes over the topics on which commands come. */
  route(schema: UnitSchema): void;
  /** Resolves when the link that was let go last has closed. */
  closed(): Promise<void>;
  /** How long the link may pause without it, or an answer on it, being given up, milliseconds. */
  pauseMs(): number;
  /** The jitter window: over how long to spread the return to a lost broker, milliseconds. */
  jitterMs(): number;
}

const secureMqttPort = 8883;
const defaultTimeoutMs = 10_000;
const maxPauseMs = 2000;

/** The broker that an env names: over TLS where TLS options or the port say so; an IPv6 address may come bare. */
export const brokerUrl = ({ reserved }: UnitEnv, tls?: TlsOptions): string => {
  const isSecure = tls !== undefined || reserved.PU_MQTT_PORT === secureMqttPort;
  const host = /^[^[]*:.*:/.test(reserved.PU_MQTT_HOST) ? `[${reserved.PU_MQTT_HOST}]` : reserved.PU_MQTT_HOST;
  return `${isSecure ? 'mqtts' : 'mqtt'}://${host}:${reserved.PU_MQTT_PORT}`;
};

/** The topics of commands; only these very topics count (C13). */
const commandTopics = (schema: UnitSchema): Map<string, CommandName> => {
  const topics = new Map<string, CommandName>();
  for (const [key, [topic]] of Object.entries(schema.input_base_topic)) {
    const command = commandOfKey(key);
    if (command && topic !== undefined) topics.set(topic, command);
  }
  return topics;
};

export const createRouter = (parts: RouterParts): Router => {
  const { env, preferences, inbox, publisher, onCommand, onRefusal } = parts;
  let commands = new Map<string, CommandName>();
  let closing: Promise<void> = Promise.resolve();

  const urlOf = (current: UnitEnv, broker: number): string =>
    preferences.brokers?.[broker] ?? brokerUrl(current, preferences.tls);

  const timeoutMs = preferences.timeoutMs ?? defaultTimeoutMs;

  const obey = (name: CommandName, payload: Uint8Array) => {
    const command = parseCommand(name, payload);
    if (typeof command === 'string') onRefusal(`The command ${name} was refused: ${command}.`);
    else onCommand(command);
  };

  return {
    route: (schema) => {
      commands = commandTopics(schema);
    },
    options: (version: MqttVersion, broker: number): LinkOptions => {
      const current = env();
      if (!current) throw new BrokerError('closed', 'No broker is known yet: env.json has not been loaded.');
      return {
        url: urlOf(current, broker),
        version,
        clientId: current.unitUuid,
        username: current.reserved.PU_AUTH_TOKEN,
        keepaliveSeconds: current.reserved.PU_MQTT_KEEPALIVE,
        timeoutMs,
        ...(preferences.tls && { tls: preferences.tls }),
      };
    },
    onMessage: (topic, payload, retained, properties) => {
      const command = commands.get(topic);
      if (command) obey(command, payload);
      return inbox.push(new InboundMessage(topic, payload, retained, properties), command ? 'command' : 'input');
    },
    attach: (link) => publisher.attach(link),
    detach: (link, closed) => {
      publisher.detach(link);
      closing = closed;
    },
    closed: () => closing,
    pauseMs: () => {
      const current = env();
      const pingIntervalMs = current ? pingIntervalOf(current.reserved) : Infinity;
      return Math.min(maxPauseMs, pingIntervalMs / 4, timeoutMs / 4);
    },
    jitterMs: () => {
      const current = env();
      return preferences.spreadMs ?? (current ? jitterWindowOf(urlOf(current, 0)) : fleetJitterMs);
    },
  };
};
