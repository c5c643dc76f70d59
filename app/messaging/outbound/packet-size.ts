const encoder = new TextEncoder();

/** Bytes of a PUBLISH besides topic and payload, at the most, without properties (MQTT section 3.3). */
const headerBytes = 9;
const topicBytes = 65_535;

/** Bytes of a text as UTF-8; measured exactly only where the cheap bounds leave a doubt about the limit. */
const textBytes = (text: string, limit: number): number =>
  text.length * 3 <= limit || text.length > limit ? text.length : encoder.encode(text).length;

/** Bytes of the packet that carries a message: exact where it comes near the limit. */
export const packetBytes = (topic: string, payload: Uint8Array | string, limit: number): number =>
  headerBytes +
  textBytes(topic, topicBytes) +
  (typeof payload === 'string' ? textBytes(payload, limit - headerBytes - topic.length) : payload.length);

/**
 * Why nothing can be published on a topic (MQTT section 4.7).
 *
 * @returns `undefined` when nothing speaks against it.
 */
export const topicFault = (topic: string): string | undefined => {
  if (topic === '') return 'its topic is empty';
  if (/[+#\0]/.test(topic)) return 'its topic has a wildcard or a null character in it';
  if (/\p{Surrogate}/u.test(topic)) return 'its topic is no well-formed text';
  if (textBytes(topic, topicBytes) > topicBytes) return `its topic has more than ${topicBytes} bytes`;
  return undefined;
};
