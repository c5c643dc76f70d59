import { ClientError } from '../../../services/errors.ts';

const superseded = () =>
  new ClientError('superseded', 'The link was closed on request before it was up. Connect again when it is wanted.');

/** The error of what needs MQTT, in a unit that uses REST alone. */
export const mqttIsOff = (): ClientError =>
  new ClientError('unsupported', 'MQTT is switched off. Turn the option ffMqttEnable on.');

/** Requests of one kind under way, which one for the contrary overtakes. */
class Overtakable {
  #underWay: Set<AbortController> | undefined;

  /** Does a request. @param task Gets a signal that aborts when the request is overtaken. */
  async run(task: (overtaken: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    this.#underWay ??= new Set();
    this.#underWay.add(controller);
    try {
      await task(controller.signal);
    } finally {
      this.#underWay.delete(controller);
    }
  }

  overtake(reason?: ClientError): void {
    for (const controller of this.#underWay ?? []) controller.abort(reason);
  }
}

/** Lets a request for the link overtake those for the contrary. */
export class LinkRequests {
  readonly #connects = new Overtakable();
  readonly #disconnects = new Overtakable();

  /** @param task Gets a signal that aborts when the link is to be closed instead. */
  connect(task: (overtaken: AbortSignal) => Promise<void>): Promise<void> {
    this.#disconnects.overtake();
    return this.#connects.run(task);
  }

  /** @param task Gets a signal that aborts when the link is to be opened instead. */
  disconnect(task: (overtaken: AbortSignal) => Promise<void>): Promise<void> {
    this.#connects.overtake(superseded());
    return this.#disconnects.run(task);
  }
}
