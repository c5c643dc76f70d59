/** What every error of this package is: a stable `name` and `code`, a message that says what to do, the `cause` kept. */
export class PepeunitError extends Error {
  override readonly name: string = 'PepeunitError';
  /** Stable, machine-readable reason, unique within the error's `name`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** env.json is missing, unreadable or incomplete. */
export class SettingsError extends PepeunitError {
  override readonly name = 'SettingsError';
  declare readonly code: 'missing' | 'malformed' | 'invalid' | 'io';
  constructor(code: SettingsError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** schema.json is missing, unreadable or has another shape than the protocol's. */
export class SchemaError extends PepeunitError {
  override readonly name = 'SchemaError';
  declare readonly code: 'missing' | 'malformed' | 'invalid' | 'io';
  constructor(code: SchemaError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A document or line file could not be read or written. */
export class StorageError extends PepeunitError {
  override readonly name = 'StorageError';
  declare readonly code: 'malformed' | 'io' | 'unsupported' | 'tooLarge';
  constructor(code: StorageError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The instance's REST API did not give what was asked for. */
export class RestError extends PepeunitError {
  override readonly name = 'RestError';
  declare readonly code: 'status' | 'timeout' | 'network' | 'redirect' | 'malformed' | 'tooLarge' | 'aborted';
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  constructor(code: RestError['code'], message: string, options?: ErrorOptions & { status?: number }) {
    super(code, message, options);
    this.status = options?.status;
  }
}

/** The MQTT link could not be opened, or broke. */
export class BrokerError extends PepeunitError {
  override readonly name = 'BrokerError';
  declare readonly code:
    'refused' | 'credentials' | 'protocol' | 'takenOver' | 'network' | 'timeout' | 'closed' | 'tls' | 'malformed';
  /** Reason code of the packet that said so (MQTT 5 section 2.4, MQTT 3.1.1 section 3.2.2.3). */
  readonly reasonCode: number | undefined;
  constructor(code: BrokerError['code'], message: string, options?: ErrorOptions & { reasonCode?: number }) {
    super(code, message, options);
    this.reasonCode = options?.reasonCode;
  }
}

/** A firmware archive was refused, or could not be staged or put in place. */
export class FirmwareError extends PepeunitError {
  override readonly name = 'FirmwareError';
  declare readonly code: 'malformed' | 'hostile' | 'tooLarge' | 'incomplete' | 'version' | 'io' | 'unsupported';
  constructor(code: FirmwareError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A reference clock could not be read. */
export class ClockError extends PepeunitError {
  override readonly name = 'ClockError';
  declare readonly code: 'timeout' | 'network' | 'malformed' | 'aborted';
  constructor(code: ClockError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The WiFi station could not be scanned, joined or left. */
export class WifiError extends PepeunitError {
  override readonly name = 'WifiError';
  declare readonly code: 'notFound' | 'credentials' | 'timeout' | 'unsupported' | 'io';
  constructor(code: WifiError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A text could not be encrypted or decrypted. */
export class CipherError extends PepeunitError {
  override readonly name = 'CipherError';
  declare readonly code: 'key' | 'shape' | 'nonce' | 'tampered';
  constructor(code: CipherError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The program could not be restarted or left. */
export class ProcessError extends PepeunitError {
  override readonly name = 'ProcessError';
  declare readonly code: 'spawn' | 'unsupported';
  constructor(code: ProcessError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The client was asked for something that it can't do, or not any more. */
export class ClientError extends PepeunitError {
  override readonly name = 'ClientError';
  declare readonly code: 'stopped' | 'unsupported' | 'timeout' | 'invalid' | 'failed';
  constructor(code: ClientError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A failure as plain data, fit for events, logs and inspectors. */
export interface Failure {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

/** Turns anything thrown into plain data. */
export const failureOf = (thrown: unknown): Failure => {
  if (thrown instanceof PepeunitError) return { name: thrown.name, code: thrown.code, message: thrown.message };
  if (thrown instanceof Error) return { name: thrown.name, code: 'unexpected', message: thrown.message };
  return { name: 'Error', code: 'unexpected', message: String(thrown) };
};

const classes: Readonly<Record<string, new (code: never, message: string) => PepeunitError>> = {
  SettingsError,
  SchemaError,
  StorageError,
  RestError,
  BrokerError,
  FirmwareError,
  ClockError,
  WifiError,
  CipherError,
  ProcessError,
  ClientError,
};

/** Turns a failure that came as plain data into an error of its own class again. */
export const errorOf = ({ name, code, message }: Failure): PepeunitError => {
  const Class = Object.hasOwn(classes, name) ? classes[name] : undefined;
  return Class ? new Class(code as never, message) : new ClientError('failed', message);
};
