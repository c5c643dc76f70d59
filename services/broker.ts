import { fromCallback, fromPromise } from 'xstate';
import { failureOf, type Failure } from './errors.ts';

/** MQTT protocol level: 4 is 3.1.1, 5 is 5.0. */
export type MqttVersion = 4 | 5;

/** How to reach and enter a broker. */
export interface LinkOptions {
  /** `mqtt`, `mqtts`, `ws` or `wss`, with host, port and, for WebSocket, the path. */
  readonly url: string;
  readonly version: MqttVersion;
  /** The unit's UUID. */
  readonly clientId: string;
  /** The unit's token; the password is always empty. */
  readonly username: string;
  readonly keepaliveSeconds: number;
  /** How long to wait for CONNACK and for each acknowledgement. */
  readonly timeoutMs: number;
  readonly tls?: TlsOptions;
}

/** What a TLS link trusts and shows; by default the host's certificate authorities and nothing. */
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

export type Qos = 0 | 1 | 2;

export interface PublishOptions {
  /** @defaultValue 0 */
  readonly qos?: Qos;
  /** @defaultValue false */
  readonly retain?: boolean;
}

/** What became of a subscription (MQTT 5 section 3.9.3, MQTT 3.1.1 section 3.9.3). */
export interface Grant {
  readonly topic: string;
  readonly granted: boolean;
  readonly reasonCode: number;
}

/** MQTT 5 properties of a message (section 3.3.2.3); the user's own are under `userProperties`. */
export type MessageProperties = Readonly<Record<string, unknown>>;

/** Receives what comes over a link; must not throw. */
export interface LinkListener {
  /** Called for each message, synchronously: this is the data plane. */
  onMessage(topic: string, payload: Uint8Array, retained: boolean, properties: MessageProperties | undefined): void;
  /** Called once, when an opened link ended without {@link Link.close}. */
  onClosed(error: Error): void;
}

/** An open MQTT session. */
export interface Link {
  readonly version: MqttVersion;
  readonly sessionPresent: boolean;
  /** Subscribes at QoS 0, in as few packets as the packet limit allows. @throws {BrokerError} `closed`, `timeout` */
  subscribe(topics: readonly string[]): Promise<Grant[]>;
  /** @throws {BrokerError} `closed`, `timeout` */
  unsubscribe(topics: readonly string[]): Promise<void>;
  /**
   * Resolves when the message is written (QoS 0) or acknowledged (QoS 1, 2).
   *
   * @throws {BrokerError} `closed`, `timeout`, or `refused` with the broker's `reasonCode`
   */
  publish(topic: string, payload: Uint8Array | string, options?: PublishOptions): Promise<void>;
  /** Sends DISCONNECT and lets go of the socket; never rejects, ends within two seconds. */
  close(): Promise<void>;
}

/** Opens MQTT sessions. */
export interface Broker {
  /**
   * Opens one session; never tries again by itself.
   *
   * @throws {BrokerError} `credentials`, `protocol`, `refused` for a CONNACK that says no; `network`, `tls`, `timeout`, `closed`
   */
  open(options: LinkOptions, listener: LinkListener, signal: AbortSignal): Promise<Link>;
}

/** The data plane's end of a link. */
export interface LinkUser extends Pick<LinkListener, 'onMessage'> {
  /** What to open next, with the token; read at each attempt. */
  options(version: MqttVersion): LinkOptions;
  /** A link is open: publish on it from now on. */
  attach(link: Link): void;
  /** That link is gone; `closed` resolves when it has let go of its socket. */
  detach(link: Link, closed: Promise<void>): void;
}

/** What the mqtt machine tells the actor that holds its link. */
export type LinkCommand =
  { type: 'link.subscribe'; topics: readonly string[] } | { type: 'link.unsubscribe'; topics: readonly string[] };

/** What that actor tells the mqtt machine. */
export type LinkEvent =
  | { type: 'link.opened'; sessionPresent: boolean }
  | { type: 'link.refused'; failure: Failure }
  | { type: 'link.closed'; failure: Failure }
  | { type: 'link.granted'; grants: readonly Grant[] }
  | { type: 'link.unsubscribed'; topics: readonly string[] };

/**
 * Holds one link for as long as the mqtt machine wants it, for its `holdLink`.
 *
 * Messages go from the link to the {@link LinkUser} and never through the machine. An attempt that fails, or a link
 * that ends, is told once: `link.refused` before it was open, `link.closed` after.
 */
export const holdLink = (broker: Broker, user: LinkUser) =>
  fromCallback<LinkCommand, { version: MqttVersion }, LinkEvent>(({ input, sendBack, receive }) => {
    const abort = new AbortController();
    let link: Link | undefined;
    const tell = (event: LinkEvent) => {
      if (!abort.signal.aborted) sendBack(event);
    };
    const lose = (thrown: unknown) => {
      const lost = link;
      link = undefined;
      if (!lost) return;
      user.detach(lost, lost.close());
      tell({ type: 'link.closed', failure: failureOf(thrown) });
    };
    const listener: LinkListener = { onMessage: (...message) => user.onMessage(...message), onClosed: lose };
    const open = async () => {
      const opened = await broker.open(user.options(input.version), listener, abort.signal);
      if (abort.signal.aborted) return void opened.close();
      link = opened;
      user.attach(opened);
      tell({ type: 'link.opened', sessionPresent: opened.sessionPresent });
    };
    open().catch((thrown: unknown) => tell({ type: 'link.refused', failure: failureOf(thrown) }));
    receive((command) => {
      const current = link;
      if (!current) return;
      const { topics } = command;
      const done =
        command.type === 'link.subscribe'
          ? current.subscribe(topics).then((grants) => tell({ type: 'link.granted', grants }))
          : current.unsubscribe(topics).then(() => tell({ type: 'link.unsubscribed', topics }));
      done.catch(lose);
    });
    return () => {
      abort.abort();
      const held = link;
      link = undefined;
      if (!held) return;
      user.detach(held, held.close());
    };
  });
export type HoldLink = ReturnType<typeof holdLink>;

/** Waits until the link that was let go has said DISCONNECT, for the mqtt machine's `closeLink`. */
export const closeLink = (closed: () => Promise<void>) => fromPromise<void>(() => closed());
export type CloseLink = ReturnType<typeof closeLink>;
