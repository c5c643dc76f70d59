import { archiveRow } from './archive-row.ts';
import { pairedCallsRow, unitCallsRow } from './calls-row.ts';
import { fleetRow } from './fleet-row.ts';
import { inspectionRow } from './inspection-row.ts';
import { logRow } from './log-row.ts';
import { messagesRow } from './messages-row.ts';
import type { Row } from './row.ts';
import { startRow } from './start-row.ts';

const atLeast = (value: number) => [{ of: 'ratio', is: 'least', value }] as const;

const inbound =
  'what is left for a message is to compare its topic, a view of its payload, and the inbox; it would take a handler that gets several at once';
const outbound =
  "what is left for a message is to encode it, its topic's rules, and its outcome; it would take a call that publishes several at once";
const acknowledged =
  'each message makes 1.2 KB of garbage: its promise and the one of who waits for it, its place in the queue, a copy of its payload, and its packet; it would take a call that publishes several at once';
const awaited =
  'the round trip: two thirds of the CPU of a message are one write to the socket and one read; it would take several messages on their way at once';
const perUnit =
  "XState's ten actors with their contexts (about 37 KiB), the connection of mqtt.js (11), some 320 closures with their scopes (24), and the objects, tables and buffers of messages and files; it would take fewer actors, and children that start when they have something to do";
const perStart =
  "2.1 MB of garbage, 1.4 of them XState's, which makes a snapshot of all active states at each step and assignment, 14 of them of the root's 31 states; three fifths of the CPU are the main thread's, three tenths that of V8's own threads, a twelfth that of 53 operations on files; it would take a machine of its own for the regions that keep the children, and fewer files";
const perIdleUnit =
  'a ping every 20 seconds, where those of mqtt.js come every 60: its write and its answer; it would take rarer ones';
const loading =
  'XState, ky and the own modules are loaded besides mqtt.js; it would take parts that load when they are first used';

/** All rows of the table, in its order. */
export const rows: readonly Row[] = [
  messagesRow({
    id: 'in-0',
    title: 'inbound QoS 0, 1 topic',
    direction: 'in',
    qos: 0,
    thousands: 1000,
    targets: atLeast(4),
    limit: inbound,
  }),
  messagesRow({
    id: 'in-0-8',
    title: 'inbound QoS 0, 8 topics',
    direction: 'in',
    qos: 0,
    inputs: 8,
    thousands: 1000,
    targets: atLeast(4),
    limit: inbound,
  }),
  messagesRow({
    id: 'in-0-1000',
    title: 'inbound QoS 0, 1,000 topics',
    direction: 'in',
    qos: 0,
    inputs: 1000,
    thousands: 1000,
  }),
  messagesRow({
    id: 'in-0-1k',
    title: 'inbound QoS 0, 1 KB payloads',
    direction: 'in',
    qos: 0,
    bytes: 1024,
    thousands: 250,
  }),
  messagesRow({
    id: 'in-1',
    title: 'inbound QoS 1',
    direction: 'in',
    qos: 1,
    thousands: 500,
    targets: atLeast(10),
    limit: inbound,
  }),
  messagesRow({
    id: 'in-1-1k',
    title: 'inbound QoS 1, 1 KB payloads',
    direction: 'in',
    qos: 1,
    bytes: 1024,
    thousands: 250,
  }),
  messagesRow({
    id: 'out-0',
    title: 'outbound QoS 0',
    direction: 'out',
    qos: 0,
    thousands: 1000,
    targets: atLeast(3),
    limit: outbound,
  }),
  messagesRow({
    id: 'out-0-1k',
    title: 'outbound QoS 0, 1 KB payloads',
    direction: 'out',
    qos: 0,
    bytes: 1024,
    thousands: 250,
  }),
  messagesRow({
    id: 'out-1',
    title: 'outbound QoS 1, window 1,000',
    direction: 'out',
    qos: 1,
    thousands: 400,
    targets: atLeast(4),
    limit: acknowledged,
  }),
  messagesRow({
    id: 'out-1-memory',
    title: 'outbound QoS 1, window 1,000, outbox in memory',
    direction: 'out',
    qos: 1,
    durable: false,
    thousands: 400,
    targets: atLeast(4),
    limit: acknowledged,
  }),
  messagesRow({
    id: 'out-1-1k',
    title: 'outbound QoS 1, window 500, 1 KB payloads',
    window: 500,
    direction: 'out',
    qos: 1,
    bytes: 1024,
    thousands: 200,
  }),
  messagesRow({
    id: 'out-1-awaited',
    title: 'outbound QoS 1, awaited one by one, both',
    direction: 'out',
    qos: 1,
    isAwaited: true,
    thousands: 50,
    targets: [...atLeast(1), { of: 'cpuRatio', is: 'most', value: 1 }],
    limit: awaited,
  }),
  fleetRow([
    {
      id: 'unit-rss',
      of: 'rssKb',
      title: 'RSS of one more unit, 1,000 in a process',
      measure: 'KiB',
      targets: [{ of: 'unit', is: 'most', value: 120 }],
      limit: perUnit,
    },
    {
      id: 'unit-heap',
      of: 'heapKb',
      title: 'heap of one more unit, 1,000 in a process',
      measure: 'KiB',
      targets: [{ of: 'unit', is: 'most', value: 64 }],
      limit: perUnit,
    },
    {
      id: 'unit-start',
      of: 'startCpuMs',
      title: 'CPU to start one more unit, all threads',
      measure: 'ms',
      targets: [{ of: 'unit', is: 'most', value: 4 }],
      limit: perStart,
    },
    {
      id: 'units-idle',
      of: 'idlePercent',
      title: 'CPU of 1,000 idle units',
      measure: '% of a core',
      targets: [{ of: 'unit', is: 'most', value: 1.5 }],
      limit: perIdleUnit,
    },
  ]),
  startRow([
    {
      id: 'process-start',
      of: 'cpuMs',
      title: 'CPU from process start to subscribed',
      measure: 'ms',
      targets: [{ of: 'ratio', is: 'most', value: 1.3 }],
      limit: loading,
    },
    { id: 'process-subscribed', of: 'wallMs', title: 'time from process start to subscribed', measure: 'ms' },
    {
      id: 'process-rss',
      of: 'rssMb',
      title: "RSS of an idle unit's process",
      measure: 'MB',
      targets: [{ of: 'difference', is: 'most', value: 12 }],
      limit: loading,
    },
  ]),
  unitCallsRow({
    id: 'command',
    call: 'command',
    of: 'ms',
    count: 40,
    title: 'command to effect: log_sync, until the log is at the broker',
    measure: 'ms',
  }),
  pairedCallsRow({
    id: 'reconnect',
    call: 'reconnect',
    of: 'ms',
    count: 200,
    title: 'disconnect, connect, subscribed',
    measure: 'ms',
  }),
  unitCallsRow({
    id: 'look-up',
    call: 'lookUp',
    of: 'perSecond',
    count: 1_000_000,
    title: 'look-ups in 10,000 topics',
    measure: 'a second',
  }),
  unitCallsRow({
    id: 'cipher',
    call: 'cipher',
    of: 'perSecond',
    count: 20_000,
    title: 'encrypt and decrypt 64 bytes',
    measure: 'a second',
  }),
  logRow([
    { id: 'log-entries', of: 'perSecond', title: 'log entries, each in log.json before the next', measure: 'a second' },
    { id: 'log-bytes', of: 'bytesPerEntry', title: 'written for a log entry, 64 lines kept', measure: 'bytes' },
  ]),
  archiveRow({
    time: {
      id: 'archive',
      title: 'update of 100 MB in 10,000 files staged, beside `tar xzf` and `sync`',
      measure: 'ms',
    },
    memory: { id: 'archive-rss', title: 'RSS above rest while it is staged', measure: 'MB' },
  }),
  inspectionRow({
    id: 'inspection-off',
    title: 'outbound QoS 0, inspection off, beside a build without inspection',
  }),
];
