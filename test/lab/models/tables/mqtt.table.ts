import { longestDelays } from '../../../../machines/mqtt/reconnect-delay.ts';
import { mqttMachine } from '../../../../machines/mqtt.ts';
import type { Failure } from '../../../../services/errors.ts';
import { doubling } from './delays.ts';
import * as effect from './mqtt-effects.ts';
import { of, type Context, type Event } from './mqtt-effects.ts';
import { defineTable, not, rowsOf, tooLong, unexpectedFailure } from './table.ts';
import { linkSays, mqttEvents, mqttWalks, own } from './mqtt-walks.ts';

const row = rowsOf<typeof mqttMachine>();

const noAnswer = tooLong('Waiting for the MQTT broker');
const noSignOfLife: Failure = {
  name: 'TimeoutError',
  code: 'timeout',
  message: 'The MQTT broker gave no sign of life when it was asked for one',
};

type Guard = (context: Context, event: Event) => boolean;
const all =
  (...guards: readonly Guard[]): Guard =>
  (context, event) =>
    guards.every((guard) => guard(context, event));
const code = ({ failure }: Event) => failure?.code ?? '';

const isDue: Guard = ({ isWanted, hasNetwork }) => isWanted && hasNetwork;
const isNewer: Guard = ({ linkRevision: now }, { linkRevision = 0 }) => linkRevision > now;
/** MQTT 5 was spoken to a broker that may not know it. */
const isOlderWorth: Guard = ({ protocol, version, provenVersion }, event) =>
  protocol === 'auto' &&
  version === 5 &&
  (code(event) === 'protocol' || (code(event) === 'closed' && provenVersion === undefined));
const hasAnother: Guard = ({ broker, brokers }) => broker < brokers - 1;
const isRefusal: Guard = (_, event) => ['credentials', 'protocol', 'quota'].includes(code(event));
const isTakeover: Guard = (_, event) => code(event) === 'takenOver';
const isOwn = (topic: string) => topic === own;
/** The link ended while only own topics were asked for, and none was granted. */
const isDenial: Guard = ({ asked, granted: got }, event) =>
  code(event) === 'credentials' && asked.length > 0 && asked.every(isOwn) && !got.some(isOwn);
const isOverTopics: Guard = (_, event) => !['takenOver', 'quota', 'protocol'].includes(code(event));
const isOwnDenied: Guard = ({ wanted, denied }) => wanted.some(isOwn) && denied.some(({ topic }) => isOwn(topic));
const isAnswered: Guard = ({ wanted, granted: got, denied }) =>
  wanted.every((topic) => got.includes(topic) || denied.some((one) => one.topic === topic));
const hasDenied: Guard = ({ denied }) => denied.length > 0;
const isReport: Guard = (_, event) => String((event as { topic?: string }).topic).includes('/output_base_topic/');

const linking = { to: 'linked.connecting', ...of(effect.attempt) };
const subscribing = 'linked.open.subscribing';
const noNetwork = effect.keeps({ hasNetwork: false, closures: 0 });
const unwanted = effect.keeps({ isWanted: false });
const soon = (...effects: readonly effect.Effect[]) => ({ to: 'waiting.soon', ...of(...effects, ...effect.wait) });
const late = (...effects: readonly effect.Effect[]) => ({ to: 'waiting.late', ...of(...effects, ...effect.wait) });
const ownDenied = late(effect.offline(effect.ownDenied), effect.denied);
const nextBroker = (failure: Failure | 'said') => ({
  to: 'linked.connecting',
  anew: 'linked',
  ...of(
    effect.failed(failure),
    effect.keeps(({ broker }) => ({ broker: broker + 1 })),
    effect.version,
    effect.attempt,
  ),
});
const stopped = (isWanted: boolean) => ({
  when: (context: Context) => context.isWanted === isWanted,
  to: 'offline',
  told: isWanted ? [] : [{ type: 'mqtt.stopped' }],
  context: { closures: 0 },
});
const newerLink = { when: isNewer, to: 'closing', ...of(effect.wish, effect.offline('asked for')) };

export const mqttTable = defineTable(mqttMachine.provide({ delays: longestDelays }), {
  input: { protocol: 'auto' },
  states: {
    offline: {},
    linked: { runs: { link: ({ version, broker }) => ({ version, broker, owner: { id: 'mqtt' } }) } },
    'linked.connecting': { tags: ['busy'], after: { connectWithin: 30_000 } },
    'linked.open': {},
    'linked.open.subscribing': { tags: ['busy'], after: { subscribeWithin: 30_000 } },
    'linked.open.online': {
      tags: ['ready'],
      after: {
        stableAfter: ({ attempts }) => Math.max(20_000, doubling(attempts, 1_000, 60_000)),
        retryDeniedAfter: ({ retries, quarantined, denied }) =>
          denied.length > 0 && denied.every(({ topic }) => quarantined.includes(topic))
            ? 3_600_000
            : doubling(retries + 1, 15_000, 600_000),
      },
    },
    waiting: { tags: ['faulty'] },
    'waiting.soon': { after: { retryAfter: ({ attempts }) => doubling(attempts, 1_000, 60_000) } },
    'waiting.late': { after: { retryRefusedAfter: ({ attempts }) => doubling(attempts, 5_000, 60_000) } },
    'waiting.displaced': { after: { retrySlowlyAfter: ({ attempts }) => doubling(attempts, 60_000, 300_000) } },
    closing: { tags: ['busy'], runs: { closeLink: undefined }, after: { closeWithin: 3_000 } },
  },
  start: {
    states: ['offline'],
    context: {
      protocol: 'auto',
      version: 5,
      provenVersion: undefined,
      hasNetwork: false,
      isWanted: false,
      linkRevision: 0,
      pingIntervalMs: 20_000,
      brokers: 1,
      broker: 0,
      timeoutMs: 10_000,
      isDenied: false,
      retries: 0,
      wasOpen: false,
      attempts: 0,
      closures: 0,
      lostBy: undefined,
      failure: undefined,
      reportedReasons: [],
      account: undefined,
      wanted: [],
      asked: [],
      granted: [],
      denied: [],
      suspects: [],
      quarantined: [],
    },
  },
  events: mqttEvents,
  says: { link: linkSays },
  rows: [
    row('any', 'network.up', { context: { hasNetwork: true } }),
    row('offline linked.connecting waiting', 'network.down', { to: 'offline', ...of(noNetwork) }),
    row('linked.open', 'network.down', {
      to: 'offline',
      ...of(effect.keeps({ hasNetwork: false }), effect.offline('asked for'), noNetwork),
    }),
    row('closing', 'network.down', { context: { hasNetwork: false } }),
    row('offline closing', 'mqtt.connect', of(effect.wish)),
    row(
      'linked.connecting',
      'mqtt.connect',
      { when: not(isNewer), ...of(effect.wish) },
      { when: isNewer, to: 'closing', ...of(effect.wish) },
    ),
    row('linked.open', 'mqtt.connect', { when: not(isNewer), ...of(effect.wish, effect.watched) }, newerLink),
    row('linked.open', 'link.silent', soon(effect.offline(noSignOfLife))),
    row(
      'waiting',
      'mqtt.connect',
      { when: not(isNewer), ...of(effect.wish) },
      {
        when: isNewer,
        to: 'linked.connecting',
        ...of(effect.wish, effect.keeps({ attempts: 0, lostBy: undefined }), effect.attempt),
      },
    ),
    row('offline linked.connecting waiting', 'mqtt.disconnect', { to: 'closing', ...of(unwanted) }),
    row('linked.open', 'mqtt.disconnect', { to: 'closing', ...of(unwanted, effect.offline('asked for')) }),
    row('closing', 'mqtt.disconnect', of(unwanted)),
    row('offline linked.connecting waiting closing', 'mqtt.want', of(effect.topics)),

    row('offline', 'always', { when: isDue, ...linking }),

    row('linked.connecting', 'link.opened', {
      to: subscribing,
      ...of(effect.opened, effect.watched, ...effect.subscribing),
    }),
    row(
      'linked.connecting',
      'link.refused',
      {
        when: isOlderWorth,
        to: 'linked.connecting',
        anew: 'linked',
        ...of(effect.keeps({ version: 4, closures: 0 }), effect.attempt),
      },
      { when: all(not(isOlderWorth), hasAnother), ...nextBroker('said') },
      { when: all(not(isOlderWorth), not(hasAnother), isRefusal), ...late(effect.failed('said')) },
      { when: all(not(isOlderWorth), not(hasAnother), not(isRefusal)), ...soon(effect.failed('said')) },
    ),
    row(
      'linked.connecting',
      'after connectWithin',
      { when: hasAnother, ...nextBroker(noAnswer) },
      { when: not(hasAnother), ...soon(effect.failed(noAnswer)) },
    ),
    row('linked.connecting', 'link fails', soon(effect.failed(unexpectedFailure))),

    row('linked.open', 'link fails', soon(effect.offline(unexpectedFailure))),
    row(
      'linked.open',
      'link.denied',
      { when: isReport, ...ownDenied },
      { when: not(isReport), to: subscribing, ...of(effect.doubted, ...effect.subscribing) },
    ),

    row(
      subscribing,
      'always',
      { when: isOwnDenied, ...ownDenied },
      { when: all(not(isOwnDenied), isAnswered), to: 'linked.open.online', ...of(...effect.online) },
    ),
    row(subscribing, 'link.granted', { to: subscribing, ...of(effect.grants, ...effect.subscribing) }),
    row(
      subscribing,
      'link.closed',
      { when: isDenial, ...late(effect.offline('said'), effect.suspect, effect.denied) },
      { when: all(not(isDenial), isOverTopics), ...soon(effect.offline('said'), effect.suspect) },
      { when: isTakeover, to: 'waiting.displaced', ...of(effect.offline('said'), ...effect.wait) },
      { when: all(not(isOverTopics), not(isTakeover)), ...late(effect.offline('said')) },
    ),
    row(subscribing, 'mqtt.want', of(effect.topics, effect.reconcile)),
    row(subscribing, 'mqtt.resubscribe', of(effect.anew, effect.reconcile)),
    row(subscribing, 'link.slow', { to: subscribing, ...of(...effect.subscribing) }),
    row(subscribing, 'after subscribeWithin', soon(effect.offline(noAnswer), effect.suspect)),

    row('linked.open.online', 'link.granted', of(effect.grants, effect.reconcile)),
    row(
      'linked.open.online',
      'link.closed',
      { when: isTakeover, to: 'waiting.displaced', ...of(effect.offline('said'), ...effect.wait) },
      { when: isRefusal, ...late(effect.offline('said')) },
      { when: all(not(isTakeover), not(isRefusal)), ...soon(effect.offline('said')) },
    ),
    row('linked.open.online', 'mqtt.want', { to: subscribing, ...of(effect.topics, ...effect.subscribing) }),
    row('linked.open.online', 'mqtt.resubscribe', { to: subscribing, ...of(effect.anew, ...effect.subscribing) }),
    row('linked.open.online', 'after stableAfter', { context: { attempts: 0, lostBy: undefined } }),
    row(
      'linked.open.online',
      'after retryDeniedAfter',
      { when: hasDenied, to: subscribing, ...of(effect.again, ...effect.subscribing) },
      { when: not(hasDenied) },
    ),

    row('waiting.soon waiting.displaced', 'mqtt.retry', linking),
    row('waiting.soon', 'after retryAfter', linking),
    row('waiting.late', 'after retryRefusedAfter', linking),
    row('waiting.displaced', 'after retrySlowlyAfter', linking),

    row('closing', 'closeLink done', stopped(true), stopped(false)),
    row('closing', 'closeLink fails', stopped(true), stopped(false)),
    row('closing', 'after closeWithin', stopped(true), stopped(false)),
  ],
  walks: mqttWalks,
});
