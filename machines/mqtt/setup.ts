import { assign, enqueueActions, sendTo, setup, stateIn } from 'xstate';
import type { Grant } from '../../services/broker.ts';
import type { CloseLink, HoldLink } from '../../services/link.ts';
import type { Failure } from '../../services/errors.ts';
import * as quarantine from './topic-quarantine.ts';
import {
  canFallBack,
  ownTopicsDenied,
  isRefusal,
  isTakeover,
  versionAfter,
  withSuspicion,
} from './disconnect-reason.ts';
import type { MqttContext, MqttEvent, MqttFact, MqttInput } from './context.ts';
import { jitteredDelays, stableMs } from './reconnect-delay.ts';
import { backoff, timerMs } from '../lib/delays.ts';
import { tell } from '../lib/parent.ts';
import { slot } from '../lib/slot.ts';
import * as subscriptions from './subscriptions.ts';

type Wish = Omit<Extract<MqttEvent, { type: 'mqtt.connect' }>, 'type'>;

/** Number of reported reasons to remember. */
const maxReasons = 8;

/** Setup of the mqtt statechart: its actors, actions, guards and delays. */
export const mqttSetup = setup({
  types: {} as {
    input: MqttInput;
    context: MqttContext;
    events: MqttEvent;
    emitted: MqttFact;
    tags: 'busy' | 'ready' | 'faulty';
    children: { link: 'holdLink'; closeLink: 'closeLink' };
  },
  actors: { holdLink: slot<HoldLink>('mqtt.holdLink'), closeLink: slot<CloseLink>('mqtt.closeLink') },
  actions: {
    report: enqueueActions(({ context, enqueue }, fact: MqttFact) => tell(enqueue, context, fact)),
    /** Reports the state of the topics, unless it was reported already. */
    reportOnline: enqueueActions(({ context, enqueue }) => {
      const { granted, denied } = context;
      const account = subscriptions.accountOf(context);
      if (context.account && subscriptions.isSameAccount(account, context.account)) return;
      enqueue.assign({ account });
      tell(enqueue, context, { type: 'mqtt.online', granted: granted.length, denied });
    }),
    /** Publishes what is held, once the instance has granted the unit its topics; reports that, after a denial. */
    resumeWhenGranted: enqueueActions(({ context, enqueue }) => {
      if (!subscriptions.areOwnTopicsGranted(context)) return;
      enqueue.sendTo('link', { type: 'link.resume' });
      if (!context.isDenied) return;
      enqueue.assign({ isDenied: false });
      tell(enqueue, context, { type: 'mqtt.granted' });
    }),
    reportDenied: enqueueActions(({ context, enqueue }) => {
      tell(enqueue, context, {
        type: 'mqtt.denied',
        failure: ownTopicsDenied,
        ...(context.isDenied && { isRepeated: true as const }),
      });
      enqueue.assign({ isDenied: true, ...quarantine.givingAnotherChance(context, context.wanted) });
    }),
    reportStopped: enqueueActions(({ context, enqueue }) => {
      if (!context.isWanted) tell(enqueue, context, { type: 'mqtt.stopped' });
    }),
    /** Reports the end of an open link; without a failure one that was requested. */
    reportOffline: enqueueActions(({ context, enqueue }, { failure: cause }: { failure?: Failure }) => {
      const { account, isDenied, lostBy } = context;
      const closures = account && cause?.code === 'closed' ? context.closures + 1 : 0;
      const failure = cause && withSuspicion(cause, closures);
      const isAgain = failure !== undefined && (isDenied || failure.message === lostBy);
      enqueue.assign({ closures, lostBy: failure?.message, ...(failure && { failure }) });
      tell(enqueue, context, {
        type: 'mqtt.offline',
        ...(failure && { failure }),
        ...(isAgain && { isRepeated: true as const }),
      });
    }),
    /** Keeps the failure of an attempt, and reports it unless that was done since a link was open. */
    reportFailed: enqueueActions(({ context, enqueue }, { failure }: { failure: Failure }) => {
      const { reportedReasons } = context;
      enqueue.assign({ closures: 0, failure });
      if (reportedReasons.includes(failure.message)) return;
      enqueue.assign({ reportedReasons: [...reportedReasons, failure.message].slice(-maxReasons) });
      tell(enqueue, context, { type: 'mqtt.failed', failure });
    }),
    noteOpen: assign(({ context }, { sessionPresent }: { sessionPresent: boolean }) => ({
      wasOpen: true,
      failure: undefined,
      reportedReasons: [],
      account: undefined,
      retries: 0,
      provenVersion: context.version,
      ...subscriptions.onNewLink(context, sessionPresent),
      denied: quarantine.deniedAtOnce(context),
    })),
    noteNetwork: assign({ hasNetwork: true }),
    noteNoNetwork: assign({ hasNetwork: false }),
    keepWish: assign(({ context }, { linkRevision, pingIntervalMs }: Wish) => ({
      isWanted: true,
      linkRevision,
      pingIntervalMs: pingIntervalMs ?? context.pingIntervalMs,
    })),
    dropWish: assign({ isWanted: false }),
    countAttempt: assign(({ context }) => ({ attempts: context.attempts + 1, broker: 0 })),
    takeNextBroker: assign(({ context }) => ({ broker: context.broker + 1 })),
    forgetAttempts: assign({ attempts: 0, lostBy: undefined }),
    speakOlder: assign({ version: 4 as const, closures: 0 }),
    forgetClosures: assign({ closures: 0 }),
    chooseVersion: assign(({ context }) => versionAfter(context, context.failure)),
    keepTopics: assign(({ context }, { topics }: { topics: readonly string[] }) => ({
      retries: 0,
      ...subscriptions.wanting(topics),
      ...quarantine.givingAnotherChance(context, topics),
    })),
    watchLink: sendTo('link', ({ context }) => ({ type: 'link.watch', everyMs: context.pingIntervalMs })),
    forgetAsked: assign({ asked: [] }),
    forgetDenied: assign(({ context }) => ({
      denied: [],
      retries: context.retries + 1,
      ...quarantine.givingAnotherChance(context, context.wanted),
    })),
    doubtGrants: assign(({ context }) => subscriptions.doubtingOwnTopics(context)),
    forgetGrants: assign(({ context }) => ({
      retries: 0,
      asked: [],
      granted: [],
      denied: [],
      ...quarantine.givingAnotherChance(context, context.wanted),
    })),
    keepGrants: assign(({ context }, { grants }: { grants: readonly Grant[] }) => ({
      ...subscriptions.answered(context, grants),
      ...quarantine.afterAnswers(context, grants),
    })),
    suspectUnanswered: assign(({ context }) => quarantine.afterEnd(context)),
    /** Subscribes to missing topics and unsubscribes from unwanted ones. */
    reconcile: enqueueActions(({ context, enqueue }) => {
      const toAsk = quarantine.nextToAsk(context, subscriptions.topicsToAsk(context));
      const toDrop = subscriptions.topicsToDrop(context);
      enqueue.assign({
        asked: [...context.asked, ...toAsk],
        granted: context.granted.filter((topic) => !toDrop.includes(topic)),
      });
      if (toDrop.length > 0) enqueue.sendTo('link', { type: 'link.unsubscribe', topics: toDrop });
      if (toAsk.length > 0) enqueue.sendTo('link', { type: 'link.subscribe', topics: toAsk });
    }),
  },
  guards: {
    isOpen: stateIn({ linked: 'open' }),
    isDue: ({ context }) => context.isWanted && context.hasNetwork,
    isNewerLink: ({ context }, { linkRevision }: { linkRevision: number }) => linkRevision > context.linkRevision,
    isAllAnswered: ({ context }) => subscriptions.topicsUnanswered(context).length === 0,
    isOlderWorthTrying: ({ context }, { failure }: { failure: Failure }) => canFallBack(context, failure),
    hasAnotherBroker: ({ context }) => context.broker + 1 < context.brokers,
    hasOwnTopicsDenied: ({ context }) => subscriptions.areOwnTopicsDenied(context),
    isDenial: ({ context }, { failure }: { failure: Failure }) =>
      failure.code === 'credentials' && quarantine.endedOverOwnTopics(context),
    isReport: ({ context }, { topic }: { topic: string }) => subscriptions.isReportTopic(topic, context),
    hasDenied: ({ context }) => context.denied.length > 0,
    canBeOverTopics: (_, { failure }: { failure: Failure }) => quarantine.canBeOverTopics(failure),
    isTakeover: (_, { failure }: { failure: Failure }) => isTakeover(failure),
    isRefusal: (_, { failure }: { failure: Failure }) => isRefusal(failure),
  },
  delays: {
    /** Fallbacks for a link that misses its own limit, which comes first. */
    connectWithin: ({ context }) => timerMs(3 * context.timeoutMs),
    subscribeWithin: ({ context }) => timerMs(3 * context.timeoutMs),
    closeWithin: 3000,
    stableAfter: ({ context }) => stableMs(context),
    retryDeniedAfter: ({ context }) =>
      quarantine.isRetryCostly(context) ? 3_600_000 : backoff(context.retries + 1, 15_000, 600_000),
    ...jitteredDelays(
      () => Math.random(),
      () => 0,
    ),
  },
});
