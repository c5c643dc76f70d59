import type { Fifo } from '../../../adapters/shared/fifo.ts';
import type { PublishOptions, Qos } from '../../../services/broker.ts';
import type { Policy } from './options.ts';
import type { PublishResult } from './result.ts';

export type Payload = Uint8Array | string;

const decoder = new TextDecoder();

/** The payload of a message as text. */
export const payloadText = ({ payload }: Pick<PublishRequest, 'payload'>): string =>
  typeof payload === 'string' ? payload : decoder.decode(payload);

/** Options of a published message. */
export interface MessageOptions extends PublishOptions {
  /**
   * When the promise resolves: once the message is `accepted` (delivered, or queued, after which it may still expire or be
   * dropped), or once its final outcome is `settled`. A settled result is `queued` only if the client stops before.
   *
   * @defaultValue `'accepted'`
   */
  readonly until?: 'accepted' | 'settled' | undefined;
}

/** A message as its publisher hands it in. */
export interface PublishRequest {
  readonly topic: string;
  readonly payload: Payload;
  readonly qos: Qos;
  readonly retain: boolean;
  /** What it counts for in the bounds. */
  readonly bytes: number;
  /** When it was accepted, on the monotonic clock. */
  readonly bornMs: number;
}

/** A message on its way: it waits, or the link has it and owes an acknowledgement, or it has left. */
export interface Message extends Readonly<Omit<PublishRequest, 'topic' | 'bornMs'>> {
  /** When it was accepted, on the monotonic clock; for one of an earlier run as far as that is known. */
  bornMs: number;
  /** When an earlier run accepted it by a synchronised clock, Unix milliseconds. */
  readonly acceptedMs: number | undefined;
  /** Its place among all messages of this run; those of earlier runs have numbers below one. */
  readonly order: number;
  readonly topic: Topic;
  /** UUID of the unit whose message it is, where an earlier run has noted it. */
  readonly unit: string | undefined;
  state: 'waiting' | 'sending' | 'gone';
  /** Whether the store has it. */
  isStored: boolean;
  /** Whether its publisher knows that it is kept. */
  isQueued: boolean;
  /** Takes it out of the store; set once it is on its way there. */
  forget: ((message: Message) => void) | undefined;
  /** Gets its end, where somebody waits for that. */
  settle: OnResult | undefined;
  /** Whether nobody is to know before that it is kept. */
  tellsEnd: boolean;
}

/** Whether a message waits for the link. */
export const isWaiting = ({ state }: Message): boolean => state === 'waiting';

/** Whether a message has come to its end. */
export const isGone = ({ state }: Message): boolean => state === 'gone';

/** Gets what became of a message, once. */
export type OnResult = (result: PublishResult) => void;

/** A message that an earlier run has left in the store. */
export type RestoredMessage = PublishRequest & Pick<Message, 'order' | 'unit' | 'acceptedMs'>;

/** The messages of one topic. */
export interface Topic {
  readonly name: string;
  policy: Policy;
  readonly messages: Fifo<Message>;
  waiting: number;
  /** Messages of QoS 1 and 2 that the link has, and that nobody has asked to be written to the store yet. */
  unsecured: number;
}
