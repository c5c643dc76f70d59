import net from 'node:net';
import { codeOf } from '../../../adapters/node/fs/errors.ts';

/** A server that a unit connects to, and the variable that names it. */
export interface Server {
  readonly host: string;
  readonly port: number;
  /** Variables that name host and port, for remedies. */
  readonly variables: string;
  readonly isSecure: boolean;
  /** Remedy where the port does not speak TLS. */
  readonly withoutTls: string;
  /** Authorities to trust in place of the host's. */
  readonly ca?: readonly string[] | undefined;
  /** Name to check the certificate against, if it differs from the host. */
  readonly serverName?: string | undefined;
}

/** Time limit of one step of a connection, milliseconds. */
export const limitMs = 5_000;

/** Host and port, as a person writes them. */
export const addressOf = ({ host, port }: Server): string => `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;

/** Waits for at most a time. @throws The error of `late` after it. */
export const within = async <T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => (timer = setTimeout(() => reject(late()), ms))),
    ]);
  } finally {
    clearTimeout(timer);
  }
};

/** An error with a code like those of the host. */
export const withCode = (code: string): Error => Object.assign(new Error(code), { code });

/** The code of a failed connection; of one to several addresses, that of the first. */
export const causeOf = (thrown: unknown): string => {
  const [first] = thrown instanceof AggregateError ? (thrown.errors as unknown[]) : [];
  return codeOf(first) ?? codeOf(thrown) ?? 'unexpected';
};
