import { longestDelays } from '../../../machines/mqtt/reconnect-delay.ts';
import { mqttMachine, type MqttContext } from '../../../machines/mqtt.ts';
import type { Grant } from '../../../services/broker.ts';
import { defineModel } from './model.ts';
import { invariants, outcomes } from './mqtt-invariants.ts';

const failure = (code: string) => ({ name: 'BrokerError', code, message: `because of ${code}` });
const grant = (topic: string, granted: boolean) => ({
  type: 'link.granted',
  grants: [{ topic, granted, reasonCode: granted ? 0 : 0x87 }],
});

const own = 'd/input_base_topic/u/update/pepeunit';

const connected = ['network.up', 'mqtt.connect {"linkRevision":1}'];

export const mqttModel = defineModel<typeof mqttMachine>({
  machine: mqttMachine.provide({ delays: longestDelays }),
  input: { protocol: 'auto' },
  events: [
    { type: 'network.up' },
    { type: 'network.down' },
    { type: 'mqtt.connect', linkRevision: 1 },
    { type: 'mqtt.connect', linkRevision: 2 },
    { type: 'mqtt.disconnect' },
    { type: 'mqtt.retry' },
    { type: 'mqtt.want', topics: [] },
    { type: 'mqtt.want', topics: ['a'] },
    { type: 'mqtt.want', topics: ['a', 'b'] },
    { type: 'mqtt.want', topics: ['a', own] },
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
      ...['network', 'takenOver', 'credentials'].map((code) => ({ type: 'link.closed', failure: failure(code) })),
      grant('a', true),
      grant('a', false),
      grant('b', true),
      grant('b', false),
      grant(own, true),
      grant(own, false),
      { type: 'link.denied', topic: 'd/output/pepeunit' },
      { type: 'link.denied', topic: 'd/output_base_topic/u/log/pepeunit' },
      { type: 'link.slow' },
      { type: 'link.alive' },
    ],
  },
  isPossible: (event, now) => {
    const isOpen = now.matches({ linked: 'open' });
    if (event.type === 'link.opened' || event.type === 'link.refused') return !isOpen;
    if (event.type === 'link.closed' || event.type === 'link.alive' || event.type === 'link.slow') return isOpen;
    if (event.type === 'link.denied') return isOpen;
    if (event.type !== 'link.granted') return true;
    return isOpen && (event['grants'] as Grant[]).every(({ topic }) => now.context.asked.includes(topic));
  },
  regions: [
    {
      name: 'the link',
      uses: (label) => !/mqtt\.want|mqtt\.resubscribe|link\.granted|link\.denied|"sessionPresent":true/.test(label),
      key: ({ hasNetwork, isWanted, linkRevision, version, provenVersion, attempts, failure: why }) => [
        hasNetwork,
        isWanted,
        linkRevision,
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
      key: ({ version, attempts, failure: why }: MqttContext) => [version, Math.min(attempts, 1), why?.code],
    })),
    {
      name: 'several brokers',
      input: { brokers: 3 },
      prelude: connected,
      uses: (label) => /link\.(opened|refused|closed)|connectWithin|retry/.test(label),
      key: ({ version, provenVersion, broker, attempts, failure: why }) => [
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
      uses: (label) => /link\.(opened|closed|alive)|ping|answer|stable|retryAfter/.test(label),
      key: ({ attempts }) => [Math.min(attempts, 1)],
    },
    {
      name: 'the subscriptions',
      prelude: [...connected, 'mqtt.want {"topics":["a","b"]}'],
      uses: (label) =>
        !label.includes('base_topic') &&
        /mqtt\.want|resubscribe|link\.granted|link\.opened|link\.slow|link\.closed.*network|subscribeWithin|retryAfter|retryDenied/.test(
          label,
        ),
      key: ({ wanted, asked, granted, denied, suspects, quarantined }) => [
        wanted,
        asked,
        granted,
        denied.map(({ topic }) => topic),
        suspects.map(({ topic, ends }) => [topic, Math.min(ends, 3)]),
        quarantined,
      ],
    },
    {
      name: 'the own topics',
      prelude: [...connected, `mqtt.want {"topics":["a","${own}"]}`],
      uses: (label) =>
        !/"b"/.test(label) &&
        /link\.granted|link\.denied|link\.opened|link\.closed.*credentials|link\.refused.*network|linkRevision":2|retry/.test(
          label,
        ),
      key: ({ wanted, asked, granted, denied, isDenied, suspects, quarantined, linkRevision }) => [
        wanted,
        asked,
        granted,
        denied.map(({ topic }) => topic),
        isDenied,
        suspects.map(({ topic, ends }) => [topic, Math.min(ends, 3)]),
        quarantined,
        linkRevision,
      ],
    },
  ],
  outcomes,
  invariants,
});
