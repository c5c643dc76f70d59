import type { Link, Outcome } from '../../../services/broker.ts';
import type { Message } from './message.ts';

/** Gets what became of a message that a link was given. */
export interface DeliveryListener {
  onDelivered(link: Link, message: Message): void;
  onFailed(link: Link, message: Message, thrown: unknown): void;
}

/** A message on a link. */
class Delivery implements Outcome {
  readonly #link: Link;
  readonly #message: Message;
  readonly #listener: DeliveryListener;

  constructor(link: Link, message: Message, listener: DeliveryListener) {
    this.#link = link;
    this.#message = message;
    this.#listener = listener;
  }

  resolve(): void {
    this.#listener.onDelivered(this.#link, this.#message);
  }

  reject(thrown: unknown): void {
    this.#listener.onFailed(this.#link, this.#message, thrown);
  }
}

/** Gives a message to a link, and tells the listener what became of it. */
export const deliver = (link: Link, message: Message, listener: DeliveryListener): void => {
  const { topic, payload, qos, retain } = message;
  const delivery = new Delivery(link, message, listener);
  if (link.deliver) return link.deliver(topic.name, payload, qos, retain, delivery);
  link.publish(topic.name, payload, { qos, retain }).then(
    () => delivery.resolve(),
    (thrown: unknown) => delivery.reject(thrown),
  );
};
