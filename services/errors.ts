import { redactedData } from './redacted-data.ts';
import { redacted } from './redaction.ts';
import { shownValue } from './shown-value.ts';

/**
 * Base of every error of this package: a stable `name` and `code`, a message that says what to do, and the
 * `cause`. Neither shows a secret of this process.
 *
 * @example
 * import { PepeunitError } from 'pepeunit-client';
 *
 * try {
 *   await client.downloadEnv();
 * } catch (thrown) {
 *   if (!(thrown instanceof PepeunitError)) throw thrown;
 *   client.logger.warning(`${thrown.name} ${thrown.code}: ${thrown.message}`);
 * }
 */
export class PepeunitError<TCode extends string = string> extends Error {
  /** Name of the error's class, such as `RestError`. */
  override readonly name: string = 'PepeunitError';
  /** Stable machine-readable reason, unique within the error's `name`. */
  readonly code: TCode;

  constructor(code: TCode, message: string, options?: ErrorOptions) {
    super(redacted(message), redactedData(options));
    this.code = code;
  }
}

/** env.json is missing, unreadable or incomplete. */
export class SettingsError extends PepeunitError<'missing' | 'malformed' | 'invalid' | 'io' | 'failedBefore'> {
  override readonly name = 'SettingsError';
}

/** schema.json is missing, unreadable or not in the protocol's shape. */
export class SchemaError extends PepeunitError<'missing' | 'malformed' | 'invalid' | 'io'> {
  override readonly name = 'SchemaError';
}

/**
 * A document, line file or outbox could not be read or written; `lost` when another program removed or changed what was
 * written.
 */
export class StorageError extends PepeunitError<'malformed' | 'io' | 'unsupported' | 'tooLarge' | 'lost'> {
  override readonly name = 'StorageError';
}

/**
 * Whether an error means that stored data may be gone.
 *
 * @example
 * import { isLoss } from 'pepeunit-client/services';
 *
 * await unit.world.outbox.open().catch((thrown: unknown) => {
 *   if (isLoss(thrown)) console.warn('The messages that waited are gone.');
 * });
 */
export const isLoss = (thrown: unknown): thrown is StorageError =>
  thrown instanceof StorageError && thrown.code === 'lost';

/** What a server's answer says about a failure. */
export interface AnswerFacts {
  /** HTTP status. */
  readonly status?: number | undefined;
  /** How long it asks to wait before the next request, milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** A request to the instance's REST API failed. */
export class RestError extends PepeunitError<
  'status' | 'timeout' | 'network' | 'redirect' | 'malformed' | 'tooLarge' | 'aborted'
> {
  override readonly name = 'RestError';
  /** HTTP status, if the server answered. */
  readonly status: number | undefined;
  /** How long the server asks to wait before the next request, milliseconds. */
  readonly retryAfterMs: number | undefined;
  constructor(code: RestError['code'], message: string, options?: ErrorOptions & AnswerFacts) {
    super(code, message, options);
    this.status = options?.status;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** The MQTT link could not be opened, or it broke. */
export class BrokerError extends PepeunitError<
  | 'refused'
  | 'credentials'
  | 'protocol'
  | 'takenOver'
  | 'quota'
  | 'network'
  | 'timeout'
  | 'closed'
  | 'tls'
  | 'malformed'
> {
  override readonly name = 'BrokerError';
  /** Reason code of the broker's packet (MQTT 5 section 2.4, MQTT 3.1.1 section 3.2.2.3). */
  readonly reasonCode: number | undefined;
  constructor(code: BrokerError['code'], message: string, options?: ErrorOptions & { reasonCode?: number }) {
    super(code, message, options);
    this.reasonCode = options?.reasonCode;
  }
}

/** A firmware archive was refused or could not be staged or installed, or the update journal is unusable. */
export class FirmwareError extends PepeunitError<
  | 'malformed'
  | 'hostile'
  | 'tooLarge'
  | 'incomplete'
  | 'version'
  | 'io'
  | 'space'
  | 'busy'
  | 'journal'
  | 'newerJournal'
  | 'failedBefore'
  | 'unhealthy'
  | 'offline'
  | 'unsigned'
  | 'tampered'
  | 'outdated'
  | 'link'
  | 'digest'
  | 'selfTest'
  | 'dependencies'
  | 'install'
  | 'unsupported'
> {
  override readonly name = 'FirmwareError';
}

/** A reference clock could not be read. */
export class ClockError extends PepeunitError<'timeout' | 'network' | 'malformed' | 'aborted'> {
  override readonly name = 'ClockError';
}

/** The WiFi station could not be scanned, joined or left; `malformed` when the adapter's answer is not what its port promises. */
export class WifiError extends PepeunitError<
  'notFound' | 'credentials' | 'timeout' | 'unsupported' | 'io' | 'malformed'
> {
  override readonly name = 'WifiError';
}

/** A text could not be encrypted or decrypted. */
export class CipherError extends PepeunitError<'key' | 'shape' | 'nonce' | 'tampered'> {
  override readonly name = 'CipherError';
}

/** The codec of a topic key could not take the payload of a message: it is no JSON (`malformed`), or not what it asks for. */
export class PayloadError extends PepeunitError<'malformed' | 'invalid'> {
  override readonly name = 'PayloadError';
}

/** The program could not be restarted or stopped. */
export class ProcessError extends PepeunitError<'spawn' | 'taken' | 'unsupported'> {
  override readonly name = 'ProcessError';
}

/** The client can't do what was asked, or can't any more. */
export class ClientError extends PepeunitError<
  'stopped' | 'options' | 'unsupported' | 'timeout' | 'aborted' | 'superseded' | 'invalid' | 'failed'
> {
  override readonly name = 'ClientError';
}

/** A failure as plain data, fit for events, logs and inspectors. */
export interface Failure extends AnswerFacts {
  /** Name of the class of the error, such as `RestError`. */
  readonly name: string;
  /** The error's code, such as `timeout`. */
  readonly code: string;
  /** What failed, on what, and what to do. */
  readonly message: string;
}

/**
 * The text of any value, even one that has none. Never throws.
 *
 * @example
 * import { textOf } from 'pepeunit-client/services';
 *
 * textOf({ toString: 1 }); // '(object without a text)'
 */
export const textOf = (value: unknown): string => {
  try {
    return String(value);
  } catch {
    return `(${typeof value} without a text)`;
  }
};

const describeThrown = (thrown: unknown): Failure => {
  if (!(thrown instanceof Error)) return { name: 'Error', code: 'unexpected', message: redacted(shownValue(thrown)) };
  const { name, message, code } = thrown as Error & { readonly code?: unknown };
  const { status, retryAfterMs } = thrown instanceof RestError ? thrown : ({} as AnswerFacts);
  return {
    name: redacted(textOf(name)),
    code: typeof code === 'string' && code !== '' ? redacted(code) : 'unexpected',
    message: redacted(textOf(message)) || 'Something failed without saying why',
    ...(status !== undefined && { status }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
};

/**
 * Turns anything thrown into plain data without secrets; the `code` is `unexpected` if it has none. Never throws.
 *
 * @example
 * import { failureOf } from 'pepeunit-client/services';
 *
 * const { name, code, message } = failureOf(new RangeError('too far')); // 'RangeError', 'unexpected', 'too far'
 */
export const failureOf = (thrown: unknown): Failure => {
  try {
    return describeThrown(thrown);
  } catch {
    return { name: 'Error', code: 'unexpected', message: redacted(textOf(thrown)) };
  }
};

const classes: Readonly<
  Record<string, new (code: never, message: string, options?: ErrorOptions & AnswerFacts) => PepeunitError>
> = {
  SettingsError,
  SchemaError,
  StorageError,
  RestError,
  BrokerError,
  FirmwareError,
  ClockError,
  WifiError,
  CipherError,
  PayloadError,
  ProcessError,
  ClientError,
};

/**
 * Turns a plain failure back into an error of its own class.
 *
 * @example
 * import { errorOf, failureOf, RestError } from 'pepeunit-client/services';
 *
 * const failure = failureOf(new RestError('timeout', 'No answer.'));
 * const error = errorOf(failure); // a RestError again
 */
export const errorOf = ({ name, code, message, status, retryAfterMs }: Failure): PepeunitError => {
  const Class = Object.hasOwn(classes, name) ? classes[name] : undefined;
  return Class ? new Class(code as never, message, { status, retryAfterMs }) : new ClientError('failed', message);
};
