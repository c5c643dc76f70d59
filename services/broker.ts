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
   * Milliseconds to wait for CONNACK, and for each acknowledgement once all before it have arrived, besides the time that
   * a slow line needs for the bytes before it. After that the link counts as broken and ends.
   */
  readonly timeoutMs: number;
  readonly tls?: TlsOptions;
  /** Whether messages of QoS 0 and 1 go past the MQTT library, where the adapter has such a way. @defaultValue true */
  readonly fastPath?: boolean;
}

/** TLS options; by default a link trusts the host's certificate authorities and presents no certificate of its own. */
export interface TlsOptions {
  /** PEM of the authorities to trust. */
  readonly ca?: string | readonly string[] | undefined;
  /** PEM of the unit's own certificate. */
  readonly cert?: string | undefined;
  /** PEM of the unit's own key. */
  readonly key?: string | undefined;
  /** Name to check the broker's certificate against, if it differs from the host. */
  readonly serverName?: string | undefined;
}

/** Quality of service (MQTT section 4.3): at most once, at least once, exactly once. */
export type Qos = 0 | 1 | 2;

/** Options of a message (MQTT 5.0 section 3.3.1). */
export interface PublishOptions {
  /**
   * Quality of service.
   *
   * @defaultValue 0; of `publishToTopics`, what the topic's policy or else `outbox.qos` says, 1 if nothing does
   */
  readonly qos?: Qos | undefined;
  /** Whether the broker keeps the message for later subscribers. @defaultValue false */
  readonly retain?: boolean | undefined;
}

/** Gets what became of a message, once. */
export interface Outcome {
  resolve(): void;
  reject(error: Error): void;
}

/** Result of one subscription (MQTT 5 section 3.9.3, MQTT 3.1.1 section 3.9.3). */
export interface Grant {
  readonly topic: string;
  readonly granted: boolean;
  /** The granted QoS if below 0x80, else the reason for the refusal. */
  readonly reasonCode: number;
}

/** MQTT 5 properties of a message (section 3.3.2.3); the user's own are under `userProperties`. */
export type MessageProperties = Readonly<Record<string, unknown>>;

/** Receives the events of a link; must not throw. */
export interface LinkListener {
  /**
   * Called for each message, synchronously.
   *
   * @returns Nothing, or a promise that pauses the whole link (messages, acknowledgements, pings, its end) until it
   *   settles or the link ends. Keep it short.
   */
  onMessage(
    topic: string,
    payload: Uint8Array,
    retained: boolean,
    properties: MessageProperties | undefined,
  ): Promise<void> | undefined;
  /** Called while the line needs longer than `timeoutMs` for an answer, at most once in that time. */
  onSlow?(): void;
  /**
   * Called once when an open link ends without {@link Link.close}; the error is `timeout` when the broker did not
   * answer.
   */
  onClosed(error: Error): void;
}

/** An open MQTT session. */
export interface Link {
  readonly version: MqttVersion;
  /** Whether the broker kept this client's session (MQTT section 3.2.2). */
  readonly sessionPresent: boolean;
  /** Largest packet that the broker accepts, in bytes (MQTT 5 section 3.2.2.3.6). @defaultValue unlimited */
  readonly maximumPacketSize?: number | undefined;
  /** Subscribes at QoS 0, in as few packets as the packet limit allows. @throws {BrokerError} `closed`, `timeout` */
  subscribe(topics: readonly string[]): Promise<Grant[]>;
  /** Resolves once the broker acknowledges it (MQTT section 3.11). @throws {BrokerError} `closed`, `timeout` */
  unsubscribe(topics: readonly string[]): Promise<void>;
  /**
   * Resolves when the message is written (QoS 0) or acknowledged (QoS 1, 2).
   *
   * @throws {BrokerError} `closed`, `timeout`, or `refused` with the broker's `reasonCode`
   */
  publish(topic: string, payload: Uint8Array | string, options?: PublishOptions): Promise<void>;
  /**
   * Publishes like {@link Link.publish}, and tells an outcome instead of a promise, perhaps before it returns. Never throws.
   * An adapter may leave it out.
   */
  deliver?(topic: string, payload: Uint8Array | string, qos: Qos, retain: boolean, outcome: Outcome): void;
  /**
   * Writes a QoS 0 message if that needs no waiting. Never throws. The caller may change the bytes of its payload afterwards.
   *
   * @returns Whether the message was written; if not, call {@link Link.publish}, which waits or rejects with the
   *   reason.
   */
  publishNow(topic: string, payload: Uint8Array | string, retain: boolean): boolean;
  /**
   * Sends PINGREQ (MQTT section 3.12) and resolves at the next packet of any kind from the broker.
   *
   * Has no timeout of its own: the caller sets one.
   *
   * @throws {BrokerError} `closed`
   */
  ping(): Promise<void>;
  /** Sends DISCONNECT and releases the socket, within two seconds. Never rejects. */
  close(): Promise<void>;
}

/** Opens MQTT sessions. */
export interface Broker {
  /**
   * Opens one session; never retries.
   *
   * @param signal Gives up the attempt. A session that is open ends by {@link Link.close}.
   * @throws {BrokerError} `credentials`, `protocol`, `quota` or `refused` when CONNACK refuses; `network`, `tls`,
   *   `timeout`, `closed`
   */
  open(options: LinkOptions, listener: LinkListener, signal: AbortSignal): Promise<Link>;
}
