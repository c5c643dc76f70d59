import { fromCallback, fromPromise } from 'xstate';
import { beatsOf } from './beats.ts';
import type { Broker, Grant, Link, LinkListener, LinkOptions, MqttVersion } from './broker.ts';
import type { Clock } from './clock.ts';
import { failureOf, type Failure } from './errors.ts';
import { find, type Found } from './finder.ts';
import { endingWithOwner, type OfMachine } from './owner.ts';

/** The consumer of a link: receives its messages and publishes on it. */
export interface LinkUser extends Pick<LinkListener, 'onMessage'> {
  /**
   * Options of the next session, with the token; read at each attempt.
   *
   * @param broker Index of the broker, counted from the preferred one.
   */
  options(version: MqttVersion, broker: number): LinkOptions;
  /**
   * Called when a link opens.
   *
   * @param onDenied Call it with the topic of a message that the broker has denied (0x87), and hold further ones.
   */
  attach(link: Link, onDenied: (topic: string) => void): void;
  /** Called when the instance has granted the unit its topics on that link: publish what is held. */
  resume(link: Link): void;
  /** Called when that link is gone; `closed` resolves once its socket is released. */
  detach(link: Link, closed: Promise<void>): void;
}

/** The link that the mqtt machine asks for. */
export interface LinkWish extends OfMachine {
  readonly version: MqttVersion;
  /** Index of the broker, counted from the preferred one. */
  readonly broker: number;
}

/** Commands of the mqtt machine to its link actor. */
export type LinkCommand =
  | { type: 'link.subscribe'; topics: readonly string[] }
  | { type: 'link.unsubscribe'; topics: readonly string[] }
  /** Publish what is held: the instance grants the unit its topics. */
  | { type: 'link.resume' }
  /** Ask the broker for a sign of life every `everyMs` from now on, or up to a twentieth of that sooner. */
  | { type: 'link.watch'; everyMs: number };

/** Events of the link actor for the mqtt machine. */
export type LinkEvent =
  | { type: 'link.opened'; sessionPresent: boolean }
  | { type: 'link.refused'; failure: Failure }
  | { type: 'link.closed'; failure: Failure }
  | { type: 'link.granted'; grants: readonly Grant[] }
  /** The broker denied a message on this topic; further ones are held until `link.resume`. */
  | { type: 'link.denied'; topic: string }
  /** The line needs longer than usual for an answer. */
  | { type: 'link.slow' }
  /** The broker was asked for a sign of life, and gave none until it was to be asked again. */
  | { type: 'link.silent' };

/** @returns What the machine is told of it, if anything. */
const carryOut = async (
  link: Link,
  { type, topics }: Extract<LinkCommand, { topics: unknown }>,
): Promise<LinkEvent | undefined> => {
  if (type === 'link.subscribe') return { type: 'link.granted', grants: await link.subscribe(topics) };
  await link.unsubscribe(topics);
  return undefined;
};

/** How late a beat may be, as a share of its interval: after more the program was held up, and has not read what came. */
const lateness = 1 / 4;

/** Asks the broker of a link for signs of life, at the beats of all links of the process. */
class Pulse {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #onSilent: () => void;
  readonly #onLost: (thrown: unknown) => void;
  #everyMs = 0;
  #isUnanswered = false;
  /** Whether a beat that came late has passed over that there is no answer, as one may. */
  #isSpared = false;
  #stopBeat: (() => void) | undefined;

  constructor(link: Link, clock: Clock, onSilent: () => void, onLost: (thrown: unknown) => void) {
    this.#link = link;
    this.#clock = clock;
    this.#onSilent = onSilent;
    this.#onLost = onLost;
  }

  /** A pace that is the one already does not put off the next question. */
  setPace(everyMs: number): void {
    if (everyMs === this.#everyMs) return;
    this.stop();
    this.#everyMs = everyMs;
    this.#stopBeat = beatsOf(this.#clock).add(everyMs, (lateMs) => this.#beat(lateMs));
  }

  stop(): void {
    this.#stopBeat?.();
    this.#stopBeat = undefined;
  }

  #beat(lateMs: number): void {
    const isLate = lateMs >= this.#everyMs * lateness;
    if (!this.#isUnanswered) this.#ask().catch(this.#onLost);
    else if (isLate && !this.#isSpared) this.#isSpared = true;
    else {
      this.stop();
      this.#onSilent();
    }
  }

  async #ask(): Promise<void> {
    this.#isUnanswered = true;
    this.#isSpared = false;
    await this.#link.ping();
    this.#isUnanswered = false;
  }
}

/** Closes a link and ignores errors of its adapter. */
const closed = async (link: Link): Promise<void> => {
  await Promise.allSettled([(async () => link.close())()]);
};

/**
 * Holds one link as long as the mqtt machine wants it, for its `holdLink`.
 *
 * Messages go straight from the link to the {@link LinkUser}. A failed attempt or an ended link is reported once:
 * `link.refused` before it was open, `link.closed` after.
 *
 * @example
 * import { mqttMachine } from 'pepeunit-client/machines';
 * import { holdLink, type LinkUser } from 'pepeunit-client/services';
 *
 * const user: LinkUser = {
 *   options: (version) => ({
 *     url: 'mqtts://broker.example:8883',
 *     version,
 *     clientId: 'unit',
 *     username: 'token',
 *     keepaliveSeconds: 60,
 *     timeoutMs: 10_000,
 *   }),
 *   onMessage: () => undefined,
 *   attach: () => undefined,
 *   resume: (link) => link.publish('topic', 'text'),
 *   detach: () => undefined,
 * };
 * const { broker, clock } = unit.world;
 * const machine = mqttMachine.provide({ actors: { holdLink: holdLink({ broker, clock, user }) } });
 */
export const holdLink = (given: Found<{ readonly broker: Broker; readonly clock: Clock; readonly user: LinkUser }>) =>
  fromCallback<LinkCommand, LinkWish, LinkEvent>(({ input, self, sendBack, receive }) => {
    const { broker, clock, user } = find(given, self);
    /** Lasts no longer than the attempt: a program may hold thousands of links. */
    let attempt: AbortController | undefined = new AbortController();
    let link: Link | undefined;
    let pulse: Pulse | undefined;
    let isEnded = false;
    const report = (event: LinkEvent | undefined) => {
      if (event && !isEnded) sendBack(event);
    };
    /** @returns Whether a link was open. */
    const release = (): boolean => {
      const released = link;
      link = undefined;
      pulse?.stop();
      if (released) user.detach(released, closed(released));
      return released !== undefined;
    };
    const lose = (thrown: unknown) => {
      if (release()) report({ type: 'link.closed', failure: failureOf(thrown) });
    };
    const listener: LinkListener = {
      onMessage: (...message) => user.onMessage(...message),
      onSlow: () => report({ type: 'link.slow' }),
      onClosed: lose,
    };
    const open = async (signal: AbortSignal) => {
      const opened = await broker.open(user.options(input.version, input.broker), listener, signal);
      attempt = undefined;
      if (isEnded) return closed(opened);
      link = opened;
      pulse = new Pulse(opened, clock, () => report({ type: 'link.silent' }), lose);
      user.attach(opened, (topic) => report({ type: 'link.denied', topic }));
      report({ type: 'link.opened', sessionPresent: opened.sessionPresent });
    };
    const end = () => {
      isEnded = true;
      attempt?.abort();
      release();
    };
    open(attempt.signal).catch((thrown: unknown) => report({ type: 'link.refused', failure: failureOf(thrown) }));
    receive((command) => {
      if (!link) return;
      if (command.type === 'link.resume') user.resume(link);
      else if (command.type === 'link.watch') pulse?.setPace(command.everyMs);
      else carryOut(link, command).then(report, lose);
    });
    return endingWithOwner(input, end);
  });
export type HoldLink = ReturnType<typeof holdLink>;

/**
 * Waits for the DISCONNECT of the last link, for the mqtt machine's `closeLink`.
 *
 * @example
 * import { mqttMachine } from 'pepeunit-client/machines';
 * import { closeLink } from 'pepeunit-client/services';
 *
 * const machine = mqttMachine.provide({ actors: { closeLink: closeLink({ closed: async () => undefined }) } });
 */
export const closeLink = (given: Found<{ closed(): Promise<void> }>) =>
  fromPromise<void>(({ self }) => find(given, self).closed());
export type CloseLink = ReturnType<typeof closeLink>;
