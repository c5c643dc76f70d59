import type { MessageOptions } from '../../messaging/outbound/publisher.ts';

/** What can be published: text and numbers go as UTF-8, bytes as they are. */
export type Payload = string | Uint8Array | number | boolean;

export const encodePayload = (message: Payload): string | Uint8Array =>
  typeof message === 'string' || message instanceof Uint8Array ? message : String(message);

const isPayload = (message: unknown): boolean =>
  typeof message === 'string' ||
  typeof message === 'number' ||
  typeof message === 'boolean' ||
  message instanceof Uint8Array;

const isQos = (qos: unknown): boolean => qos === undefined || qos === 0 || qos === 1 || qos === 2;

/**
 * Why something can't be published, for callers that no compiler checks.
 *
 * @returns `undefined` when nothing speaks against it.
 */
export const misuseOf = (topic: string, message: Payload, options: MessageOptions | undefined): string | undefined => {
  if (typeof topic !== 'string') return 'its topic is no text';
  if (!isPayload(message)) return 'it is no text, bytes, number or boolean. Make a text of it, say with JSON.stringify';
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null) return 'its options are no object';
  return isQos(options.qos) ? undefined : 'its qos is none of 0, 1 and 2';
};
