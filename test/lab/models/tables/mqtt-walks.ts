import type { Failure } from '../../../../services/errors.ts';
import type { Context } from './mqtt-effects.ts';
import type { TableWalk } from './table.ts';

/** A topic of the unit's own. */
export const own = 'd/input_base_topic/u/update/pepeunit';

const because = (code: string): Failure => ({ name: 'BrokerError', code, message: `because of ${code}` });
const answer = (topic: string, isGranted: boolean) => ({
  type: 'link.granted',
  grants: [{ topic, granted: isGranted, reasonCode: isGranted ? 0 : 0x87 }],
});

/** What others may send. */
export const mqttEvents = [
  { type: 'network.up' },
  { type: 'network.down' },
  { type: 'mqtt.connect', linkRevision: 1 },
  { type: 'mqtt.connect', linkRevision: 2, pingIntervalMs: 5_000 },
  { type: 'mqtt.disconnect' },
  { type: 'mqtt.retry' },
  { type: 'mqtt.want', topics: [] },
  { type: 'mqtt.want', topics: ['a'] },
  { type: 'mqtt.want', topics: ['a', 'b'] },
  { type: 'mqtt.want', topics: ['a', own] },
  { type: 'mqtt.resubscribe' },
];

/** What a link may say. */
export const linkSays = [
  { type: 'link.opened', sessionPresent: false },
  { type: 'link.opened', sessionPresent: true },
  ...['network', 'closed', 'protocol', 'credentials'].map((why) => ({
    type: 'link.refused',
    failure: because(why),
  })),
  ...['network', 'closed', 'takenOver', 'credentials', 'quota'].map((why) => ({
    type: 'link.closed',
    failure: because(why),
  })),
  ...['a', 'b', own].flatMap((topic) => [answer(topic, true), answer(topic, false)]),
  { type: 'link.denied', topic: 'd/output/pepeunit' },
  { type: 'link.denied', topic: 'd/output_base_topic/u/log/pepeunit' },
  { type: 'link.slow' },
  { type: 'link.silent' },
];

const connected = ['network.up', 'mqtt.connect {"linkRevision":1}'];
const link = ({ version, provenVersion, attempts, failure, broker }: Context) => [
  version,
  provenVersion,
  broker,
  Math.min(attempts, 1),
  failure?.code,
];
const topics = ({ wanted, asked, granted, denied, suspects, quarantined, isDenied, linkRevision }: Context) => [
  wanted,
  asked,
  granted,
  denied.map(({ topic }) => topic),
  suspects.map(({ topic, ends }) => [topic, Math.min(ends, 3)]),
  quarantined,
  isDenied,
  linkRevision,
];

/** Together they try each part of what happens to a link, with what matters to it. */
export const mqttWalks: readonly TableWalk<Context>[] = [
  {
    // Everything, with little told apart.
    uses: (label) => !label.includes('"b"') && !label.includes(own),
    key: ({ hasNetwork, isWanted, wanted, denied }) => [hasNetwork, isWanted, wanted.length > 0, denied.length > 0],
  },
  {
    // The link itself.
    uses: (label) => !/mqtt\.want|mqtt\.resubscribe|link\.granted|link\.denied|"sessionPresent":true/.test(label),
    key: (context) => [context.hasNetwork, context.isWanted, context.linkRevision, ...link(context)],
  },
  ...([4, 5] as const).map((protocol) => ({
    // One version alone.
    input: { protocol },
    context: { protocol, version: protocol },
    prelude: connected,
    uses: (label: string) => /link\.(opened|refused|closed)|retry/.test(label),
    key: link,
  })),
  {
    // Several brokers.
    input: { brokers: 3 },
    context: { brokers: 3 },
    prelude: connected,
    uses: (label) => /link\.(opened|refused|closed)|connectWithin|retry/.test(label),
    key: link,
  },
  {
    // Links that a broker closes again and again.
    prelude: connected,
    uses: (label) => /link\.(opened|closed.*closed)|retryAfter|stable/.test(label),
    key: ({ closures, attempts, lostBy }) => [Math.min(closures, 3), Math.min(attempts, 7), lostBy?.length],
  },
  {
    // What is subscribed to.
    prelude: [...connected, 'mqtt.want {"topics":["a","b"]}'],
    uses: (label) =>
      !label.includes('base_topic') &&
      /mqtt\.want|resubscribe|link\.granted|link\.opened|link\.slow|link\.closed.*network|subscribeWithin|retryAfter|retryDenied/.test(
        label,
      ),
    key: topics,
  },
  {
    // The unit's own topics.
    prelude: [...connected, `mqtt.want {"topics":["a","${own}"]}`],
    uses: (label) =>
      !/"b"/.test(label) &&
      /link\.granted|link\.denied|link\.opened|link\.closed.*credentials|link\.refused.*network|linkRevision":2|retry/.test(
        label,
      ),
    key: topics,
  },
];
