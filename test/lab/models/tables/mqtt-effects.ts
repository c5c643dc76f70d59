import type { mqttMachine } from '../../../../machines/mqtt.ts';
import * as subscriptions from '../../../../machines/mqtt/subscriptions.ts';
import * as quarantine from '../../../../machines/mqtt/topic-quarantine.ts';
import type { Grant } from '../../../../services/broker.ts';
import type { Failure } from '../../../../services/errors.ts';
import { effectsOf, type Effect as EffectOf } from './effects.ts';
import type { ContextOf, Message } from './table.ts';

export type Context = ContextOf<typeof mqttMachine>;
/** What carries any of these. */
export interface Event {
  readonly failure?: Failure;
  readonly error?: unknown;
  readonly grants?: readonly Grant[];
  readonly topics?: readonly string[];
  readonly linkRevision?: number;
  readonly pingIntervalMs?: number;
  readonly sessionPresent?: boolean;
}

export type Effect = EffectOf<Context, Event>;

export const { keeps, of } = effectsOf<Context, Event>();

export const wish = keeps((context, { linkRevision = 0, pingIntervalMs = context.pingIntervalMs }) => ({
  isWanted: true,
  linkRevision,
  pingIntervalMs,
}));

/** The broker is asked for signs of life. */
export const watched: Effect = ({ pingIntervalMs }) => ({
  told: [{ type: 'link.watch', everyMs: pingIntervalMs, to: 'link' }],
});

const suspicion = (closures: number): string =>
  closures < 2
    ? ''
    : ` It has closed ${closures} links in a row. Another program may run with the same unit: look for it, and stop one of the two.`;

/** Tells the end of an open link; without a failure one that was asked for. */
export const offline =
  (given: Failure | 'said' | 'asked for'): Effect =>
  (context, event) => {
    const cause = given === 'said' ? event.failure : given;
    if (cause === 'asked for' || cause === undefined)
      return { told: [{ type: 'mqtt.offline' }], context: { closures: 0, lostBy: undefined } };
    // Only a broker that closes a link that was at work is counted.
    const closures = context.account && cause.code === 'closed' ? context.closures + 1 : 0;
    const failure = { ...cause, message: `${cause.message}${suspicion(closures)}` };
    const isRepeated = context.isDenied || failure.message === context.lostBy;
    return {
      told: [{ type: 'mqtt.offline', failure, ...(isRepeated && { isRepeated }) }],
      context: { closures, lostBy: failure.message, failure },
    };
  };

/** Tells why an attempt failed, once until a link opens. */
export const failed =
  (given: Failure | 'said'): Effect =>
  ({ reportedReasons }, event) => {
    const failure = given === 'said' ? (event.failure as Failure) : given;
    const isKnown = reportedReasons.includes(failure.message);
    return {
      told: isKnown ? [] : [{ type: 'mqtt.failed', failure }],
      context: {
        closures: 0,
        failure,
        reportedReasons: isKnown ? reportedReasons : [...reportedReasons, failure.message],
      },
    };
  };

/** The version of the next attempt: what the broker was found to speak, unless it refuses that. */
export const version = keeps(({ protocol, provenVersion, failure }) => {
  if (protocol !== 'auto') return { version: protocol };
  return failure?.code === 'protocol'
    ? { version: 5, provenVersion: undefined }
    : { version: provenVersion ?? 5, provenVersion };
});

/** A wait begins: one more attempt, at the preferred broker. */
export const wait: readonly Effect[] = [keeps(({ attempts }) => ({ attempts: attempts + 1, broker: 0 })), version];

/** A link is opened. */
export const attempt = keeps({ asked: [] });

const chance = (context: Context): Partial<Context> => quarantine.givingAnotherChance(context, context.wanted);

export const ownDenied: Failure = {
  name: 'BrokerError',
  code: 'credentials',
  message:
    'The broker denies the unit the base topics of schema.json: the instance does not answer it or has no such unit any more, or the file is that of another unit. Messages wait; the unit tries again.',
};

/** The instance denies the unit its own topics. */
export const denied: Effect = (context) => ({
  told: [{ type: 'mqtt.denied', failure: ownDenied, ...(context.isDenied && { isRepeated: true }) }],
  context: { isDenied: true, ...chance(context) },
});

export const suspect = keeps((context) => quarantine.afterEnd(context));

/** Lets messages go once an own topic is granted, or none is wanted. */
const resume: Effect = (context) => {
  if (!subscriptions.areOwnTopicsGranted(context)) return {};
  const told: Message[] = [{ type: 'link.resume', to: 'link' }];
  return context.isDenied ? { told: [...told, { type: 'mqtt.granted' }], context: { isDenied: false } } : { told };
};

/** Asks for what is missing, and drops what nobody wants. */
export const reconcile: Effect = (context) => {
  const asks = quarantine.nextToAsk(context, subscriptions.topicsToAsk(context));
  const drops = context.granted.filter((topic) => !context.wanted.includes(topic));
  return {
    told: [
      ...(drops.length > 0 ? [{ type: 'link.unsubscribe', topics: drops, to: 'link' }] : []),
      ...(asks.length > 0 ? [{ type: 'link.subscribe', topics: asks, to: 'link' }] : []),
    ],
    context: {
      asked: [...context.asked, ...asks],
      granted: context.granted.filter((topic) => !drops.includes(topic)),
    },
  };
};

/** What happens whenever topics are waited for. */
export const subscribing: readonly Effect[] = [resume, reconcile];

/** Every topic is answered: that is told, unless it was told of this link. */
const answered: Effect = ({ wanted, granted, denied: refused, account: before }) => {
  const account = { wanted: wanted.length, granted: granted.length, denied: refused.map(({ topic }) => topic) };
  if (JSON.stringify(account) === JSON.stringify(before)) return {};
  return { told: [{ type: 'mqtt.online', granted: granted.length, denied: refused }], context: { account } };
};

export const online: readonly Effect[] = [resume, answered];

export const opened: Effect = (context, { sessionPresent = false }) => {
  const refused = context.quarantined.filter((topic) => context.wanted.includes(topic));
  return {
    told: [
      {
        type: 'mqtt.connected',
        sessionPresent,
        version: context.version,
        ...(context.isDenied && { isRepeated: true }),
      },
    ],
    context: {
      wasOpen: true,
      failure: undefined,
      reportedReasons: [],
      account: undefined,
      retries: 0,
      provenVersion: context.version,
      asked: [],
      granted: sessionPresent ? context.granted : [],
      denied: refused.map((topic) => ({ topic, granted: false, reasonCode: 0x80 })),
    },
  };
};

export const topics = keeps((context, { topics: wanted = [] }) => ({
  retries: 0,
  wanted,
  denied: [],
  ...quarantine.givingAnotherChance(context, wanted),
}));

export const grants = keeps((context, { grants: given = [] }) => ({
  ...subscriptions.answered(context, given),
  ...quarantine.afterAnswers(context, given),
}));

/** All topics are asked for again. */
export const anew = keeps((context) => ({ retries: 0, asked: [], granted: [], denied: [], ...chance(context) }));

/** Those that were denied are asked for again. */
export const again = keeps((context) => ({ denied: [], retries: context.retries + 1, ...chance(context) }));

/** The own topics are asked for again. */
export const doubted = keeps(({ asked, granted }) => ({
  asked: asked.filter((topic) => !subscriptions.isBaseTopic(topic)),
  granted: granted.filter((topic) => !subscriptions.isBaseTopic(topic)),
}));
