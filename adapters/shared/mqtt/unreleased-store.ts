import mqtt from '#mqtt';
import { maxInboundBytes } from './packet-size.ts';

/** Inbound messages of QoS 2 that may wait for their PUBREL; brokers of MQTT 5 are told (section 3.1.2.11.3). */
export const maxUnreleased = 32;

type Put = mqtt.Store['put'];
type StoredPacket = Parameters<Put>[0];

const bytesOf = (packet: StoredPacket): number => (packet.cmd === 'publish' ? packet.payload.length : 0);

/** Keeps the inbound messages of QoS 2 until their PUBREL comes. */
export class UnreleasedStore extends mqtt.Store {
  readonly #onFull: () => void;
  readonly #sizes = new Map<number | undefined, number>();
  #bytes = 0;

  /** @param onFull Called when the broker sends more than may be kept; nothing is read after that. */
  constructor(onFull: () => void) {
    super();
    this.#onFull = onFull;
  }

  override put(...[packet, done]: Parameters<Put>): this {
    this.#forget(packet.messageId);
    const bytes = bytesOf(packet);
    const hasRoom =
      this.#sizes.size < maxUnreleased && (this.#sizes.size === 0 || this.#bytes + bytes <= maxInboundBytes);
    if (!hasRoom) {
      this.#onFull();
      return this;
    }
    this.#sizes.set(packet.messageId, bytes);
    this.#bytes += bytes;
    return super.put(packet, done);
  }

  override del(...[packet, done]: Parameters<mqtt.Store['del']>): this {
    this.#forget(packet.messageId);
    return super.del(packet, done);
  }

  #forget(messageId: number | undefined): void {
    this.#bytes -= this.#sizes.get(messageId) ?? 0;
    this.#sizes.delete(messageId);
  }
}
