import { toBase64 } from '../../../adapters/shared/cipher.ts';
import { payloadBytes } from '../../../adapters/shared/mqtt/packet-size.ts';
import type { InboundMessage } from '../../messaging/inbound/message.ts';
import type { InboundWatch } from '../../messaging/inbound/watch.ts';
import type { Message, Payload } from '../../messaging/outbound/message.ts';
import type { OutboundWatch } from '../../messaging/outbound/watch.ts';
import type { PublishResult } from '../../messaging/outbound/result.ts';
import { failureOf } from '../../../services/errors.ts';
import type { JsonText } from './json-text.ts';
import { maxPayload, type Fate } from '../wire.ts';

export interface MessagesParts {
  readonly at: () => number;
  readonly write: (line: string) => void;
  readonly json: JsonText;
  readonly redacted: (text: string) => string;
}

/** How much more of a payload is searched for secrets than is recorded, bytes. */
const overhang = 4096;
const window = maxPayload + overhang;

const strict = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();
const room = new Uint8Array(maxPayload);

const cut = (text: string): string =>
  text.length * 3 <= maxPayload ? text : text.slice(0, encoder.encodeInto(text, room).read);

/** The text of bytes of which the last character may be cut; `undefined` if they are none. */
const decoded = (bytes: Uint8Array): string | undefined => {
  for (let missing = 0; missing < 4; missing += 1) {
    try {
      return strict.decode(bytes.subarray(0, bytes.length - missing));
    } catch {
      // The last bytes may belong to a character that was cut.
      if (bytes.length < window) return undefined;
    }
  }
  return undefined;
};

const reasonOf = (result: PublishResult): string | undefined => ('reason' in result ? result.reason : undefined);

/** Records messages and what becomes of them. */
export const createMessages = ({ at, write, json, redacted }: MessagesParts) => {
  let lastId = 0;
  const ids = new WeakMap<object, number>();

  const bytesText = (bytes: Uint8Array): string => {
    const base64 = toBase64(bytes.subarray(0, window));
    if (redacted(base64) !== base64) return '"***"';
    return `{"base64":"${toBase64(bytes.subarray(0, maxPayload))}"}`;
  };
  const payloadText = (payload: Payload): string => {
    const text = typeof payload === 'string' ? payload.slice(0, window) : decoded(payload.subarray(0, window));
    return text === undefined ? bytesText(payload as Uint8Array) : JSON.stringify(cut(redacted(text)));
  };
  const message = (
    direction: 'in' | 'out',
    topic: string,
    payload: Payload,
    { qos = 0, retain = false }: { qos?: number | undefined; retain?: boolean | undefined },
    fate: Fate,
  ): number => {
    lastId += 1;
    const about = `${lastId},"${direction}",${json.text(topic)},${payloadBytes(payload)}`;
    write(`["m",${at()},${about},${payloadText(payload)},${qos},${retain},"${fate}"]`);
    return lastId;
  };
  const fateOf = (of: object, fate: Fate, reason?: string) => {
    const id = ids.get(of);
    if (id === undefined) return;
    const why = reason === undefined || reason === '' ? '' : `,${json(reason)}`;
    write(`["mf",${at()},${id},"${fate}"${why}]`);
  };
  const inbound: InboundWatch = {
    received: (one: InboundMessage) => {
      ids.set(one, message('in', one.topic, one.payload, { retain: one.retained }, 'received'));
    },
    handled: (one) => fateOf(one, 'handled'),
    failed: (one, thrown) => fateOf(one, 'failed', failureOf(thrown).message),
    dropped: (one) => fateOf(one, 'dropped'),
  };
  const outbound: OutboundWatch = {
    passed: (topic, payload, options, result) => {
      const fate = result.outcome;
      const id = message('out', topic, payload, options ?? {}, fate);
      const reason = reasonOf(result);
      if (reason !== undefined) write(`["mf",${at()},${id},"${fate}",${json(reason)}]`);
    },
    entered: (one: Message) => {
      const fate = one.state === 'waiting' ? 'queued' : 'accepted';
      ids.set(one, message('out', one.topic.name, one.payload, one, fate));
    },
    moved: (one) => fateOf(one, one.state === 'waiting' ? 'queued' : 'accepted'),
    ended: (one, result, outcome) => {
      if (outcome !== 'damaged') fateOf(one, outcome, reasonOf(result));
    },
  };
  return { inbound, outbound };
};
