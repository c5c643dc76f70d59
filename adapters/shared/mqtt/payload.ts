/** Copies bytes: a caller may fill its buffer again. An empty one may be detached, which can't be copied. */
export const copyOf = (payload: Uint8Array | string): Uint8Array | string => {
  if (typeof payload === 'string') return payload;
  return payload.length === 0 ? new Uint8Array() : new Uint8Array(payload);
};
