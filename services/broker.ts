/** MQTT protocol level: 4 is 3.1.1, 5 is 5.0. */
export type MqttVersion = 4 | 5;

/** Options of one MQTT session. */
export interface LinkOptions {
  /** Scheme `mqtt`, `mqtts`, `ws` or `wss`, with host, port and, for WebSocket, the path. */
  readonly url: string;
  readonly version: MqttVersion;
  /** The unit's UUID. */
  readonly clientId: string;
  /** The unit's token; the password is always empty. */
  readonly username: string;
  /** Keep-alive of CONNECT, seconds (MQTT section 3.1.2.10); 0 turns it off. */
  readonly keepaliveSeconds: number;
  /**
   * Milliseconds to wait for CONNACK, and for each acknowledgement once all before it have come. A link on which one
   * takes longer is broken: it ends.
   */
  readonly timeoutMs: number;
  readonly tls?: TlsOptions;
}

/** TLS options; by default a link trusts the host's authorities and shows no certificate of its own. */
export interface TlsOptions {
  /** PEM of the authorities to trust. */
  readonly ca?: string | readonly string[];
  /** PEM of the unit's own certificate. */
  readonly cert?: string;
  /** PEM of the unit's own key. */
  readonly key?: string;
  /** Name to check the broker's certificate against, when it is not the host. */
  readonly serverName?: string;
}

/** Quality of service (MQTT section 4.3): at most once, at least once, exactly once. */
export type Qos = 0 | 1 | 2;

/** How a message is sent (MQTT 5.0 section 3.3.1): by default at most once, and not retained. */
export interface PublishOptions {
  /** The quality of service that is asked for. @defaultValue 0 */
  readonly qos?: Qos;
  /** Whether the broker keeps the message for those who subscribe later. @defaultValue false */
  readonly retain?: boolean;
}

/** Result of one subscription (MQTT 5 section 3.9.3, MQTT 3.1.1 section 3.9.3). */
export interface Grant {
  readonly topic: string;
  readonly granted: boolean;
  /** Below 0x80 the QoS that was granted, else why not. */
  readonly reasonCode: number;
}

/** MQTT 5 properties of a message (section 3.3.2.3); the user's own are under `userProperties`. */
export type MessageProperties = Readonly<Record<string, unknown>>;

/** Receives what comes over a link; must not throw. */
export interface LinkListener {
  /**
   * Called for each message, synchronously: this is the data plane.
   *
   * @returns Nothing, or a promise that holds back what follows on this link until it settles or the link ends. All that
   *   a broker sends comes in one stream, so its answers, signs of life and end may wait as well: keep it short.
   */
  onMessage(
    topic: string,
    payload: Uint8Array,
    retained: boolean,
    properties: MessageProperties | undefined,
  ): Promise<void> | undefined;
  /** Called once, when an opened link ended without {@link Link.close}; with `timeout` when the broker owed an answer. */
  onClosed(error: Error): void;
}

/** An open MQTT session. */
export interface Link {
  readonly version: MqttVersion;
  /** Whether the broker kept a session of this client (MQTT section 3.2.2). */
  readonly sessionPresent: boolean;
  /** Bytes of the largest packet that the broker takes (MQTT 5 section 3.2.2.3.6). @defaultValue any */
  readonly maximumPacketSize?: number | undefined;
  /** Subscribes at QoS 0, in as few packets as the packet limit allows. @throws {BrokerError} `closed`, `timeout` */
  subscribe(topics: readonly string[]): Promise<Grant[]>;
  /** Resolves when the broker has acknowledged it (MQTT section 3.11). @throws {BrokerError} `closed`, `timeout` */
  unsubscribe(topics: readonly string[]): Promise<void>;
  /**
   * Resolves when the message is written (QoS 0) or acknowledged (QoS 1, 2).
   *
   * @throws {BrokerError} `closed`, `timeout`, or `refused` with the broker's `reasonCode`
   */
  publish(topic: string, payload: Uint8Array | string, options?: PublishOptions): Promise<void>;
  /**
   * Writes a message of QoS 0 where nothing needs to be waited for. Never throws.
   *
   * @returns Whether it did; if not, {@link Link.publish} waits, or rejects with the reason.
   */
  publishNow(topic: string, payload: Uint8Array | string, retain: boolean): boolean;
  /**
   * Sends PINGREQ (MQTT section 3.12) and resolves as soon as anything at all comes from the broker.
   *
   * Waits for as long as the link is open: how long is too long is for the caller to say.
   *
   * @throws {BrokerError} `closed`
   */
  ping(): Promise<void>;
  /** Sends DISCONNECT and lets go of the socket; never rejects, ends within two seconds. */
  close(): Promise<void>;
}

/** Opens MQTT sessions. */
export interface Broker {
  /**
   * Opens one session; never tries again by itself.
   *
   * @throws {BrokerError} `credentials`, `protocol`, `quota`, `refused` for a CONNACK that says no; `network`, `tls`, `timeout`, `closed`
   */
  open(options: LinkOptions, listener: LinkListener, signal: AbortSignal): Promise<Link>;
}
