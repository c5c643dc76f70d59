import mqtt from '#mqtt';
import { maxInboundBytes } from './packet-size.ts';

/** Inbound messages of QoS 2 that may wait for their PUBREL; brokers of MQTT 5 are told (section 3.1.2.11.3). */
export const maxUnreleased = 32;

type Put = mqtt.Store['put'];
type StoredPacket = Parameters<Put>[0];

const bytesOf = (packet: StoredPacket): number => (packet.cmd === 'publish' ? packet.payload.length : 0);

/** What mqtt.js takes the packet identifier of a packet for that is too short to have one. */
export const noPacketId = -1;

/** What ends a link over its messages of QoS 2; nothing is read after that. */
export interface UnreleasedFaults {
  /** Called when the broker sends more than may be kept. */
  readonly onUnreleased: () => void;
  /** Called when the broker sends one without a packet identifier, which can't be answered. */
  readonly onMalformed: () => void;
}

/** Keeps the inbound messages of QoS 2 until their PUBREL comes. */
export class UnreleasedStore extends mqtt.Store {
  readonly #faults: UnreleasedFaults;
  readonly #sizes = new Map<number | undefined, number>();
  #bytes = 0;
  #isClosed = false;

  constructor(faults: UnreleasedFaults) {
    super();
    this.#faults = faults;
  }

  override put(...[packet, done]: Parameters<Put>): this {
    // What was parsed before the end of the link comes after it.
    if (this.#isClosed) return this;
    if (packet.messageId === noPacketId) return this.#refuse(this.#faults.onMalformed);
    this.#forget(packet.messageId);
    const bytes = bytesOf(packet);
    const hasRoom =
      this.#sizes.size < maxUnreleased && (this.#sizes.size === 0 || this.#bytes + bytes <= maxInboundBytes);
    if (!hasRoom) return this.#refuse(this.#faults.onUnreleased);
    this.#sizes.set(packet.messageId, bytes);
    this.#bytes += bytes;
    return super.put(packet, done);
  }

  override get(...[packet, done]: Parameters<mqtt.Store['get']>): this {
    if (this.#isClosed) return this;
    if (packet.messageId === noPacketId) return this.#refuse(this.#faults.onMalformed);
    return super.get(packet, done);
  }

  override del(...[packet, done]: Parameters<mqtt.Store['del']>): this {
    if (this.#isClosed) return this;
    this.#forget(packet.messageId);
    return super.del(packet, done);
  }

  override close(done: Parameters<mqtt.Store['close']>[0]): void {
    this.#isClosed = true;
    super.close(done);
  }

  #refuse(onFault: () => void): this {
    onFault();
    return this;
  }

  #forget(messageId: number | undefined): void {
    this.#bytes -= this.#sizes.get(messageId) ?? 0;
    this.#sizes.delete(messageId);
  }
}
