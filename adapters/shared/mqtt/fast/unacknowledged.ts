import type { MqttClient } from 'mqtt';
import type { OwnIds } from './framer.ts';

/** Gets the answer to a message: an error where it was refused, or where the MQTT library gives the connection up. */
export type OnAnswer<TMessage> = (message: TMessage, error?: Error) => void;

type Outgoing = MqttClient['outgoing'][number];

/** Its place among the library's own messages, where no packet identifier leads. */
const watch = 'past the library';

/** Messages of QoS 1 that were sent past the MQTT library, and that the broker has not acknowledged. */
export interface Unacknowledged<TMessage> extends OwnIds {
  /** Takes a message in. @returns Its packet identifier; `null` when all are in use. */
  add(message: TMessage): number | null;
  settle(id: number): void;
  answerTo(listener: OnAnswer<TMessage>): void;
  /** Forgets them all. */
  stop(): void;
}

export const createUnacknowledged = <TMessage>(
  client: MqttClient,
  onHandedOver: () => void,
): Unacknowledged<TMessage> => {
  const pending = new Map<number, TMessage>();
  let onAnswer: OnAnswer<TMessage> | undefined;
  const outgoing = client.outgoing as Record<number | string, Outgoing>;
  const settle = (id: number, error?: Error) => {
    const message = pending.get(id);
    if (message === undefined) return;
    pending.delete(id);
    onAnswer?.(message, error);
  };
  // The library tells all that it holds when it gives a connection up.
  outgoing[watch] = {
    volatile: false,
    cmd: 'publish',
    cb: (error) => {
      for (const id of pending.keys()) settle(id, error);
    },
  };
  return {
    has: (id) => pending.has(id),
    handOver: (id) => {
      const message = pending.get(id);
      if (message === undefined) return;
      pending.delete(id);
      onHandedOver();
      outgoing[id] = { volatile: false, cmd: 'publish', cb: (error) => onAnswer?.(message, error) };
    },
    add: (message) => {
      const id = client.messageIdProvider.allocate();
      if (id !== null) pending.set(id, message);
      return id;
    },
    settle: (id) => settle(id),
    answerTo: (listener) => {
      onAnswer = listener;
    },
    stop: () => {
      delete outgoing[watch];
      pending.clear();
    },
  };
};
