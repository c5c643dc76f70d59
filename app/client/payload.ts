/** What can be published: text and numbers go as UTF-8, bytes as they are. */
export type Payload = string | Uint8Array | number | boolean;

export const encodePayload = (message: Payload): string | Uint8Array =>
  typeof message === 'string' || message instanceof Uint8Array ? message : String(message);
