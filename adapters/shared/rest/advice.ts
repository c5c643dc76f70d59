/** What happened to a request, and what helps. */
interface Explanation {
  readonly why: string;
  readonly advice: string;
}

const codesOf = (thrown: unknown, depth = 0): string[] => {
  if (!(thrown instanceof Error) || depth > 4) return [];
  const { code, cause, errors } = thrown as Error & { code?: unknown; errors?: unknown };
  const inner = [cause, ...(Array.isArray(errors) ? (errors as unknown[]) : [])];
  return [...(typeof code === 'string' ? [code] : []), ...inner.flatMap((one) => codesOf(one, depth + 1))];
};

const broken = /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET)$/;

/** Kinds of failures by the code of the host's error; `names` is what names the host. */
const kinds: readonly (readonly [codes: RegExp, why: string, advise: (names: string) => string])[] = [
  [/^ECONNREFUSED$/, 'the connection was refused', (names) => `Check that a server runs there, and ${names}.`],
  [/^ENOTFOUND$/, 'the name of the host is not known', (names) => `Check ${names}, and the DNS of the network.`],
  [/^EAI_/, "the name of the host can't be looked up now", () => 'Check the network and its DNS.'],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_|ISSUER|CRL|HOSTNAME_MISMATCH/,
    'the certificate of the host is not trusted',
    (names) => `Check the certificate, the clock of this device, and ${names}.`,
  ],
  [
    /^(ERR_SSL|ERR_TLS|EPROTO)/,
    'the host does not speak TLS',
    (names) => `Check whether https is right, and ${names}.`,
  ],
  [broken, 'the connection broke', () => 'Try again later.'],
  [/TIMEOUT|^ETIMEDOUT$/, 'the host did not answer', (names) => `Check the network and ${names}.`],
  [/^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/, 'no way leads to the host', () => 'Check the network.'],
];

/**
 * Explains why there was no answer, as far as the host's errors say.
 *
 * @param names What names the server's host, such as `PU_DOMAIN`.
 */
export const explainNoAnswer = (thrown: unknown, names: string): Explanation => {
  const codes = codesOf(thrown);
  for (const [wanted, why, advise] of kinds) {
    const code = codes.find((one) => wanted.test(one));
    if (code !== undefined) return { why: `${why} (${code})`, advice: advise(names) };
  }
  return { why: 'no connection', advice: `Check the network and ${names}.` };
};

/** Whether a connection broke, as one that was kept and has gone stale does at its next request. */
export const isBroken = (thrown: unknown): boolean => codesOf(thrown).some((code) => broken.test(code));

const temporary = new Set([408, 425, 500, 502, 503, 504]);

/** Advice on a status other than 2xx. @param otherwise Advice where the same request would end the same way. */
export const statusAdvice = (status: number, otherwise: string): string => {
  if (status === 429) return 'Too many requests: wait before the next one.';
  return temporary.has(status) ? 'Try again later.' : otherwise;
};
