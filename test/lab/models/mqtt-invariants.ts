import { expect } from 'vitest';
import type { MqttContext } from '../../../machines/mqtt.ts';
import type { Grant } from '../../../services/broker.ts';
import type { Seen } from './model.ts';

/** The last fact about whether a link is open, without that many of the newest facts. */
const lastLink = ({ facts }: Seen<MqttContext>, newest = 0): string | undefined =>
  facts.slice(0, facts.length - newest).findLast(({ type }) => type === 'mqtt.connected' || type === 'mqtt.offline')
    ?.type;

const isOpen = (seen: Seen<MqttContext>): void => {
  expect(seen.running).toEqual(['link']);
  expect(lastLink(seen)).toBe('mqtt.connected');
};

const isNotOpen = (seen: Seen<MqttContext>): void => {
  expect(lastLink(seen)).not.toBe('mqtt.connected');
};

const hasFailed = (seen: Seen<MqttContext>): void => {
  isNotOpen(seen);
  expect(seen.running).toEqual([]);
  expect(seen.context.attempts).toBeGreaterThan(0);
  const failures = seen.facts.filter(({ type }) => type === 'mqtt.failed' || type === 'mqtt.offline');
  expect(failures, 'its reason was told').toContainEqual(expect.objectContaining({ failure: seen.context.failure }));
};

/** After a wait it speaks what the broker was found to speak, or starts anew. */
const speaksWhatWorks = ({ context: { protocol, version, provenVersion, failure: why } }: Seen<MqttContext>): void => {
  const known = why?.code === 'protocol' ? undefined : provenVersion;
  expect(version).toBe(protocol === 'auto' ? (known ?? 5) : protocol);
};

const isDue = ({ context }: Seen<MqttContext>): void =>
  expect(context).toMatchObject({ hasNetwork: true, isWanted: true });

const answeredTopics = ({ granted, denied }: MqttContext): string[] => [
  ...granted,
  ...denied.map(({ topic }) => topic),
];

/** What must hold after each thing that may happen to a link. */
export const outcomes: Record<string, (seen: Seen<MqttContext>) => void> = {
  'network.up': ({ context }) => expect(context.hasNetwork).toBe(true),
  'network.down': ({ context }) => expect(context.hasNetwork).toBe(false),
  'mqtt.connect': (seen) => {
    const { context, before, last, news } = seen;
    expect(context).toMatchObject({ isWanted: true, linkRevision: last['linkRevision'] });
    const isSame = before.linkRevision === context.linkRevision;
    const wasOpen = lastLink(seen, news.length) === 'mqtt.connected';
    if (wasOpen && isSame) expect(news, 'only another link is worth closing one').toEqual([]);
  },
  'mqtt.disconnect': ({ context }) => expect(context.isWanted).toBe(false),
  'mqtt.want': ({ context, last }) => expect(context.wanted).toEqual(last['topics']),
  'mqtt.resubscribe': ({ context, snapshot }) => {
    if (snapshot.matches({ linked: { open: 'subscribing' } })) {
      expect(context).toMatchObject({ granted: [], denied: [] });
      if (context.suspects.length === 0) expect(context.asked).toEqual(context.wanted);
    }
  },
  'link.granted': ({ context, last }) => {
    for (const { topic, granted } of last['grants'] as Grant[]) {
      expect(context.asked).not.toContain(topic);
      expect(context.granted.includes(topic)).toBe(granted && context.wanted.includes(topic));
    }
  },
  'link.closed': ({ context, before, last }) => {
    const { code } = last['failure'] as { code: string };
    const open = before.wanted.filter((topic) => before.asked.includes(topic));
    const isOverTopics =
      ['network', 'credentials'].includes(code) && open.some((topic) => !answeredTopics(before).includes(topic));
    const held = [...context.suspects.map(({ topic }) => topic), ...context.quarantined];
    if (isOverTopics) expect(held, 'what was not answered is suspect').toEqual(expect.arrayContaining(open));
    else expect(context).toMatchObject({ suspects: before.suspects, quarantined: before.quarantined });
    const found = context.quarantined.filter((topic) => !before.quarantined.includes(topic));
    if (found.length === 0) return;
    expect(open, 'was alone').toEqual(found);
    expect(before.granted, 'while others were granted').not.toEqual([]);
  },
  'link.opened': ({ context }) => {
    const denied = context.quarantined.filter((topic) => context.wanted.includes(topic));
    expect(context.asked.filter((topic) => denied.includes(topic))).toEqual([]);
  },
  'link.alive': ({ snapshot }) => {
    expect(snapshot.matches({ linked: 'open' })).toBe(true);
    expect(snapshot.matches({ linked: { open: { online: 'pinging' } } }), 'waits for no other').toBe(false);
  },
  'xstate.after.connectWithin.mqtt.linked.connecting': ({ context, before, snapshot }) => {
    const hasAnother = before.broker + 1 < before.brokers;
    expect(snapshot.value).toEqual(hasAnother ? { linked: 'connecting' } : { waiting: 'soon' });
    expect(context.broker).toBe(hasAnother ? before.broker + 1 : 0);
  },
  'xstate.after.retryDeniedAfter.mqtt.linked.open.online': ({ context, before }) => {
    expect(context.granted, 'costs no other').toEqual(before.granted);
    expect(context.denied).toEqual(before.wanted.length > before.granted.length ? [] : before.denied);
    expect(context.quarantined, 'what links ended over has another chance').toEqual([]);
  },
  'xstate.after.answerWithin.mqtt.linked.open.online.pinging': ({ snapshot, news }) => {
    expect(snapshot.value).toEqual({ waiting: 'soon' });
    expect(news).toMatchObject([{ type: 'mqtt.offline', failure: { code: 'timeout' } }]);
  },
  'xstate.after.stableAfter.mqtt.linked.open.online': ({ context }) =>
    expect(context).toMatchObject({ attempts: 0, lostBy: undefined }),
};

/** What must hold in each state of a link. */
export const invariants: Record<string, (seen: Seen<MqttContext>) => void> = {
  offline: (seen) => {
    isNotOpen(seen);
    expect(seen.running).toEqual([]);
    expect(seen.context.hasNetwork && seen.context.isWanted).toBe(false);
    const isClosed = /closeLink|closeWithin/.test(seen.last.type) && !seen.context.isWanted;
    if (isClosed) expect(seen.news).toContainEqual({ type: 'mqtt.stopped' });
  },
  linked: isDue,
  'linked.connecting': (seen) => {
    isNotOpen(seen);
    expect(seen.running).toEqual(['link']);
    const { last, before, context } = seen;
    if (last.type !== 'link.refused') return;
    if (context.broker === before.broker) expect(context.version, 'speaks the older one').toBe(4);
    else expect(context.broker, 'takes the next').toBe(before.broker + 1);
  },
  'linked.open': isOpen,
  'linked.open.subscribing': (seen) => {
    const { wanted, asked, suspects } = seen.context;
    const unanswered = wanted.filter((topic) => !answeredTopics(seen.context).includes(topic));
    expect(unanswered, 'waits for something').not.toEqual([]);
    const isSuspect = (topic: string) => suspects.some(({ topic: name }) => name === topic);
    const trusted = unanswered.filter((topic) => !isSuspect(topic));
    expect(asked, 'has asked for all that is beyond doubt').toEqual(expect.arrayContaining(trusted));
    expect(asked, 'waits for an answer').not.toEqual([]);
  },
  'linked.open.online': (seen) => {
    const { wanted, granted, denied } = seen.context;
    expect(answeredTopics(seen.context)).toEqual(expect.arrayContaining([...wanted]));
    expect(seen.facts.findLast(({ type }) => type === 'mqtt.online')).toEqual({
      type: 'mqtt.online',
      granted: granted.length,
      denied,
    });
  },
  'linked.open.online.quiet': ({ running }) => expect(running).toEqual(['link']),
  'linked.open.online.pinging': ({ told }) => expect(told('link').at(-1)).toEqual({ type: 'link.ping' }),
  waiting: (seen) => {
    hasFailed(seen);
    speaksWhatWorks(seen);
    isDue(seen);
    expect(seen.context.broker, 'begins with the preferred one').toBe(0);
  },
  'waiting.soon': ({ context, news }) => {
    expect(context.failure?.code).not.toBe('takenOver');
    expect(news).not.toContainEqual(expect.objectContaining({ type: 'mqtt.denied' }));
  },
  'waiting.late': ({ context, facts, news }) => {
    expect(['credentials', 'protocol', 'quota']).toContain(context.failure?.code);
    if (!news.some(({ type }) => type === 'mqtt.denied')) return;
    expect(context.isDenied).toBe(true);
    expect(facts.findLast(({ type }) => type === 'mqtt.denied' || type === 'mqtt.granted')?.type).toBe('mqtt.denied');
  },
  'waiting.displaced': ({ context }) => expect(context.failure?.code).toBe('takenOver'),
  closing: (seen) => {
    isNotOpen(seen);
    expect(seen.running).toEqual(['closeLink']);
  },
};
