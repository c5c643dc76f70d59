import type { Core } from '../model/core.ts';
import { stateIntervalMs } from '../model/env.ts';
import type { OnMessage } from './broker.ts';
import { parseLogReport } from '../model/log-reports.ts';
import { afterReport, isTooEarly, parseStateReport } from '../model/state-reports.ts';
import { parseTopic, type Topic } from '../model/topics.ts';

/** The parts of an instance that its inbox uses. */
type InboxParts = Pick<Core, 'store' | 'events' | 'address'>;

/** Handlers of published and denied messages. */
export interface Inbox {
  readonly onMessage: OnMessage;
  readonly onDenied: OnMessage;
}

/** Size of the longest text that is stored for a node, bytes. */
const maxValueBytes = 65_536;

const decoder = new TextDecoder('utf-8', { fatal: true });

const readableText = (payload: Uint8Array): string | undefined => {
  try {
    return payload.length > maxValueBytes ? undefined : decoder.decode(payload);
  } catch {
    return undefined;
  }
};

const takeState = (core: InboxParts, isIntervalChecked: boolean) => {
  const { store, events } = core;
  const lastReports = new Map<string, number>();
  return (uuid: string, payload: Uint8Array) => {
    const unit = store.unit(uuid);
    const now = performance.now();
    const report = parseStateReport(payload);
    if (!report) return events.emit({ type: 'state', unit: uuid, report, outcome: 'refused' });
    if (isIntervalChecked && isTooEarly(lastReports.get(uuid), now, stateIntervalMs(unit))) {
      return events.emit({ type: 'state', unit: uuid, report, outcome: 'tooEarly' });
    }
    lastReports.set(uuid, now);
    const written = store.putUnit(afterReport(unit, report, Date.now()));
    written.catch((thrown: unknown) => events.fault('A state report was not written', thrown));
    events.emit({ type: 'state', unit: uuid, report, outcome: 'taken' });
  };
};

const takeLog =
  ({ store, events }: InboxParts) =>
  (uuid: string, payload: Uint8Array) => {
    const { entries, invalid } = parseLogReport(payload, Date.now());
    store.appendLogs(uuid, entries).then(
      () => events.emit({ type: 'log', unit: uuid, entries, invalid }),
      (thrown: unknown) => events.fault('Log entries were not written', thrown),
    );
  };

const keyOf = ({ store }: InboxParts, topic: Topic | undefined): string | undefined => {
  if (!topic) return undefined;
  return topic.kind === 'base' ? topic.key : store.node(topic.node)?.node.topicName;
};

/** Handles the units' state and log reports, and stores the last text of each node whose key ends in `/pepeunit`. */
export const createInbox = (
  core: InboxParts,
  { isIntervalChecked }: { readonly isIntervalChecked: boolean },
): Inbox => {
  const onState = takeState(core, isIntervalChecked);
  const onLog = takeLog(core);
  const { store, events, address } = core;
  const keepValue = (node: string, payload: Uint8Array) => {
    const text = readableText(payload);
    if (text !== undefined && store.node(node)) store.putValue(node, { text, at: new Date().toISOString() });
  };
  const handle = (topic: Topic, isNamedForPlatform: boolean, payload: Uint8Array) => {
    if (topic.kind === 'node') {
      if (isNamedForPlatform) keepValue(topic.node, payload);
    } else if (topic.section === 'output_base_topic') {
      if (topic.key === 'state/pepeunit') onState(topic.unit, payload);
      if (topic.key === 'log/pepeunit') onLog(topic.unit, payload);
    }
  };
  return {
    onMessage: (unit, topic, payload, qos) => {
      const parsed = parseTopic(address.domain, topic);
      events.emit({ type: 'published', unit, topic, key: keyOf(core, parsed), payload, qos, denied: false });
      // It may have been deleted since its message was let in.
      if (parsed && unit !== undefined && store.hasUnit(unit)) handle(parsed, topic.endsWith('/pepeunit'), payload);
    },
    onDenied: (unit, topic, payload, qos) =>
      events.emit({
        type: 'published',
        unit,
        topic,
        key: keyOf(core, parseTopic(address.domain, topic)),
        payload,
        qos,
        denied: true,
      }),
  };
};
