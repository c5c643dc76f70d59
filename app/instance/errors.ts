import { PepeunitError } from '../../services/errors.ts';

/** HTTP status of each code. */
const statuses = { noAccess: 403, notFound: 404, tooLarge: 413, invalid: 422, io: 500 } as const;

/** A refused request, or a failed start of the instance. */
export class InstanceError extends PepeunitError {
  override readonly name = 'InstanceError';
  declare readonly code: keyof typeof statuses;
  /** HTTP status of the answer. */
  readonly status: (typeof statuses)[keyof typeof statuses];
  constructor(code: InstanceError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.status = statuses[code];
  }
}

export const noAccess = (message: string): InstanceError => new InstanceError('noAccess', message);
export const notFound = (message: string): InstanceError => new InstanceError('notFound', message);
export const invalid = (message: string): InstanceError => new InstanceError('invalid', message);
