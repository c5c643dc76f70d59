import { expect } from 'vitest';
import { mqttMachine, type MqttContext } from '../../machines/mqtt.ts';
import type { Grant } from '../../services/broker.ts';
import { defineModel, type Seen } from './model.ts';

const failure = (code: string) => ({ name: 'BrokerError', code, message: `because of ${code}` });
const grant = (topic: string, granted: boolean) => ({
  type: 'link.granted',
  grants: [{ topic, granted, reasonCode: granted ? 0 : 0x87 }],
});

/** The last fact about whether a link is open. */
const lastLink = ({ facts }: Seen<MqttContext>): string | undefined =>
  facts.findLast(({ type }) => type === 'mqtt.connected' || type === 'mqtt.offline')?.type;

const isOpen = (seen: Seen<MqttContext>): void => {
  expect(seen.running).toEqual(['link']);
  expect(seen.context.isOpen).toBe(true);
  expect(lastLink(seen)).toBe('mqtt.connected');
};

const isNotOpen = (seen: Seen<MqttContext>): void => {
  expect(seen.context.isOpen).toBe(false);
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

const connected = ['network.up', 'mqtt.connect {"linkRevision":1}'];

export const mqttModel = defineModel<typeof mqttMachine>({
  machine: mqttMachine,
  input: { protocol: 'auto' },
  events: [
    { type: 'network.up' },
    { type: 'network.down' },
    { type: 'mqtt.connect', linkRevision: 1 },
    { type: 'mqtt.connect', linkRevision: 2 },
    { type: 'mqtt.disconnect' },
    { type: 'mqtt.want', topics: [] },
    { type: 'mqtt.want', topics: ['a'] },
    { type: 'mqtt.want', topics: ['a', 'b'] },
    { type: 'mqtt.resubscribe' },
  ],
  listeners: {
    holdLink: [
      { type: 'link.opened', sessionPresent: false },
      { type: 'link.opened', sessionPresent: true },
      ...['network', 'closed', 'protocol', 'credentials'].map((code) => ({
        type: 'link.refused',
        failure: failure(code),
      })),
      ...['network', 'takenOver'].map((code) => ({ type: 'link.closed', failure: failure(code) })),
      grant('a', true),
      grant('a', false),
      grant('b', true),
      grant('b', false),
      { type: 'link.proven' },
    ],
  },
  isPossible: (event, { isOpen: open, asked }) => {
    if (event.type === 'link.opened' || event.type === 'link.refused') return !open;
    if (event.type === 'link.closed' || event.type === 'link.proven') return open;
    if (event.type !== 'link.granted') return true;
    return open && (event['grants'] as Grant[]).every(({ topic }) => asked.includes(topic));
  },
  regions: [
    {
      name: 'the link',
      uses: (label) => !/mqtt\.want|mqtt\.resubscribe|link\.granted|"sessionPresent":true/.test(label),
      key: ({ hasNetwork, isWanted, linkRevision, isOpen: open, version, provenVersion, attempts, failure: why }) => [
        hasNetwork,
        isWanted,
        linkRevision,
        open,
        version,
        provenVersion,
        Math.min(attempts, 1),
        why?.code,
      ],
    },
    ...([4, 5] as const).map((protocol) => ({
      name: `the link, MQTT level ${protocol} alone`,
      input: { protocol },
      prelude: connected,
      uses: (label: string) => /link\.(opened|refused|closed)|retry/.test(label),
      key: ({ isOpen: open, version, attempts, failure: why }: MqttContext) => [
        open,
        version,
        Math.min(attempts, 1),
        why?.code,
      ],
    })),
    {
      name: 'several brokers',
      input: { brokers: 3 },
      prelude: connected,
      uses: (label) => /link\.(opened|refused|closed)|connectWithin|retry/.test(label),
      key: ({ isOpen: open, version, provenVersion, broker, attempts, failure: why }) => [
        open,
        version,
        provenVersion,
        broker,
        Math.min(attempts, 1),
        why?.code,
      ],
    },
    {
      name: 'signs of life',
      prelude: connected,
      uses: (label) => /link\.(opened|closed|proven)|ping|answer|stable|retryAfter/.test(label),
      key: ({ isOpen: open, attempts }) => [open, Math.min(attempts, 1)],
    },
    {
      name: 'the subscriptions',
      prelude: [...connected, 'mqtt.want {"topics":["a","b"]}'],
      uses: (label) =>
        /mqtt\.want|resubscribe|link\.granted|link\.opened|link\.closed.*network|subscribeWithin|retryAfter|retryDenied/.test(
          label,
        ),
      key: ({ wanted, asked, granted, denied, isOpen: open }) => [
        open,
        wanted,
        asked,
        granted,
        denied.map(({ topic }) => topic),
      ],
    },
  ],
  outcomes: {
    'network.up': ({ context }) => expect(context.hasNetwork).toBe(true),
    'network.down': ({ context }) => expect(context.hasNetwork).toBe(false),
    'mqtt.connect': ({ context, before, last }) => {
      expect(context).toMatchObject({ isWanted: true, linkRevision: last['linkRevision'] });
      const isSame = before.linkRevision === context.linkRevision;
      if (before.isOpen && isSame) expect(context.isOpen, 'only another link is worth closing one').toBe(true);
    },
    'mqtt.disconnect': ({ context }) => expect(context.isWanted).toBe(false),
    'mqtt.want': ({ context, last }) => expect(context.wanted).toEqual(last['topics']),
    'mqtt.resubscribe': ({ context, snapshot }) => {
      if (snapshot.matches({ linked: 'subscribing' })) {
        expect(context).toMatchObject({ granted: [], denied: [], asked: context.wanted });
      }
    },
    'link.granted': ({ context, last }) => {
      const [{ topic = '', granted = false } = {}] = last['grants'] as Grant[];
      expect(context.asked).not.toContain(topic);
      expect(context.granted.includes(topic)).toBe(granted && context.wanted.includes(topic));
    },
    'link.proven': ({ context, snapshot }) => {
      expect(context.isOpen).toBe(true);
      expect(snapshot.matches({ linked: { online: 'proving' } }), 'waits for no other').toBe(false);
    },
    'xstate.after.connectWithin.mqtt.linked.connecting': ({ context, before, snapshot }) => {
      const hasAnother = before.broker + 1 < before.brokers;
      expect(snapshot.value).toEqual(hasAnother ? { linked: 'connecting' } : 'backingOff');
      expect(context.broker).toBe(hasAnother ? before.broker + 1 : 0);
    },
    'xstate.after.retryDeniedAfter.mqtt.linked.online': ({ context, before }) => {
      expect(context.granted, 'costs no other').toEqual(before.granted);
      expect(context.denied).toEqual(before.wanted.length > before.granted.length ? [] : before.denied);
    },
    'xstate.after.answerWithin.mqtt.linked.online.proving': ({ snapshot, news }) => {
      expect(snapshot.value).toBe('backingOff');
      expect(news).toEqual([{ type: 'mqtt.offline', failure: expect.objectContaining({ code: 'timeout' }) as object }]);
    },
    'xstate.after.stableAfter.mqtt.linked.online': ({ context }) => expect(context.attempts).toBe(0),
  },
  invariants: {
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
    'linked.subscribing': (seen) => {
      isOpen(seen);
      const { wanted, asked } = seen.context;
      const unanswered = wanted.filter((topic) => !answeredTopics(seen.context).includes(topic));
      expect(unanswered, 'waits for something').not.toEqual([]);
      expect(asked, 'has asked for all that it waits for').toEqual(expect.arrayContaining(unanswered));
    },
    'linked.online': (seen) => {
      isOpen(seen);
      const { wanted, granted, denied } = seen.context;
      expect(answeredTopics(seen.context)).toEqual(expect.arrayContaining([...wanted]));
      expect(seen.facts.findLast(({ type }) => type === 'mqtt.online')).toEqual({
        type: 'mqtt.online',
        granted: granted.length,
        denied,
      });
    },
    'linked.online.quiet': isOpen,
    'linked.online.proving': ({ told }) => expect(told('link').at(-1)).toEqual({ type: 'link.prove' }),
    backingOff: (seen) => {
      hasFailed(seen);
      expect(seen.context.broker, 'begins with the preferred one').toBe(0);
      speaksWhatWorks(seen);
      isDue(seen);
    },
    refused: (seen) => {
      hasFailed(seen);
      speaksWhatWorks(seen);
      isDue(seen);
      expect(['credentials', 'protocol', 'takenOver']).toContain(seen.context.failure?.code);
    },
    closing: (seen) => {
      isNotOpen(seen);
      expect(seen.running).toEqual(['closeLink']);
    },
  },
});
