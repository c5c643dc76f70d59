/**
 * The wait that a server asks for with Retry-After (RFC 9110, section 10.2.3): seconds, or a date, which is compared with
 * the answer's own date where it has one, as the host's clock may be wrong.
 *
 * @returns Milliseconds; `undefined` if it asks for none that can be read.
 */
export const retryAfterOf = ({ headers }: Pick<Response, 'headers'>, nowMs = Date.now()): number | undefined => {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER);
  if (!value.endsWith('GMT')) return undefined;
  const sentMs = Date.parse(headers.get('date') ?? '');
  const waitMs = Date.parse(value) - (Number.isNaN(sentMs) ? nowMs : sentMs);
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
};
