import type { MqttClient } from 'mqtt';

type Provider = MqttClient['messageIdProvider'];

const maxPacketId = 65_535;

/** Gives out packet identifiers (MQTT section 2.3.1 / 2.2.1) that no message or request in flight has. */
export class PacketIds implements Provider {
  #last = Math.floor(Math.random() * maxPacketId);
  readonly #isUsed: (id: number) => boolean;

  constructor(isUsed: (id: number) => boolean) {
    this.#isUsed = isUsed;
  }

  /** @returns `null` when all are in flight. */
  allocate(): number | null {
    for (let tried = 0; tried < maxPacketId; tried += 1) {
      this.#last = (this.#last % maxPacketId) + 1;
      if (!this.#isUsed(this.#last)) return this.#last;
    }
    return null;
  }

  getLastAllocated(): number {
    return this.#last;
  }

  /** What is in use is known by itself. */
  register(_id: number): boolean {
    return true;
  }

  deallocate(_id: number): void {}

  clear(): void {}
}
