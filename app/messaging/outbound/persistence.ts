import { inMemory, StoreKeeper, type Keeper } from './keeper.ts';
import type { Message } from './message.ts';
import { dateMessages, DeadLetters, Records, type PersistenceParts } from './records.ts';
import { refused, type PublishResult, type Unsent } from './result.ts';

/** Whether the link has a message that came before, and owes an acknowledgement. */
const isOwedBefore = ({ state, qos, order }: Message, before: number): boolean =>
  order < before && state === 'sending' && qos > 0;

/** Keeps what waits, and knows whose it is: nothing of one unit may go out with the token of another. */
export class Persistence {
  readonly #parts: PersistenceParts;
  readonly #records: Records;
  readonly #deadLetters: DeadLetters;
  readonly #keeper: Keeper;
  #isDated = false;
  #wake: (() => void) | undefined;

  constructor(parts: PersistenceParts) {
    const { store } = parts;
    this.#parts = parts;
    this.#records = new Records(parts);
    this.#deadLetters = new DeadLetters(parts, this.#records);
    this.#keeper = store
      ? new StoreKeeper({
          ...parts,
          store,
          records: this.#records,
          onRestored: (restored) => this.#onRestored(restored),
          onReady: () => this.#wake?.(),
        })
      : inMemory;
  }

  get status(): Keeper['status'] {
    return this.#keeper.status;
  }

  /** Reads what earlier runs left. Never rejects. */
  open(): Promise<unknown> {
    return this.#keeper.open();
  }

  /** Resolves once the message is kept. Never rejects. */
  save(message: Message): Promise<PublishResult> {
    return this.#keeper.save(message);
  }

  /** Writes what is not written yet, as long as it may take, and gives the store up until it is opened again. */
  close(withinMs: number): Promise<unknown> {
    return this.#keeper.close(withinMs);
  }

  /** Lets a message wait, as the policy of its topic says. Resolves once it is kept. Never rejects. */
  keep(message: Message, nowMs: number): Promise<PublishResult> {
    const ended = this.#parts.queue.wait(message, nowMs);
    if (ended) return Promise.resolve(ended);
    const { topic, order } = message;
    const { storeAfterMs } = topic.policy;
    // What the link has of this topic goes first: none overtakes another through a restart.
    if (topic.unsecured > 0) {
      topic.unsecured = 0;
      for (const one of topic.messages.items()) if (isOwedBefore(one, order)) void this.#keeper.save(one, storeAfterMs);
    }
    return this.#keeper.save(message, storeAfterMs);
  }

  /** Puts a message aside that can never be delivered. */
  deadLetter(message: Message, result: Unsent): void {
    this.#deadLetters.add(message, result);
  }

  /** From now on the program is this unit; messages that name none are its own, or of the unit that it was before. */
  claim(unit: string): void {
    const own = unit.toLowerCase();
    this.#disown(this.#parts.queue.all(), own, this.#records.unit ?? own);
    this.#records.unit = own;
  }

  /** Gives the messages of earlier runs their age, once the time is synchronised. */
  timeSynced(): void {
    const epoch = this.#parts.epochMs();
    if (epoch === undefined || this.#isDated) return;
    this.#isDated = true;
    dateMessages(this.#parts, epoch);
  }

  /** Calls back each time when it is known what waits: the store was opened, or failed. */
  onReady(listener: () => void): void {
    this.#wake = listener;
  }

  #onRestored(restored: readonly Message[]): void {
    const own = this.#records.unit;
    if (own !== undefined) this.#disown(restored, own, own);
    this.#parts.queue.trim(restored, this.#parts.clock.monotonic());
    this.#wake?.();
  }

  /** Puts messages of other units aside. @param unnamed The unit of those that name none. */
  #disown(messages: readonly Message[], own: string, unnamed: string): void {
    const others = messages.filter(({ unit = unnamed }) => unit !== own);
    for (const message of others) {
      this.deadLetter(message, refused(`It is of unit ${message.unit ?? unnamed}, and now this is unit ${own}.`));
    }
    if (others.length === 0) return;
    this.#parts.warn(
      `Messages of another unit were put aside and not sent (${others.length}): this is unit ${own} now.`,
    );
  }
}
