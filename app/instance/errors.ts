import { PepeunitError } from '../../services/errors.ts';

/** What the instance answers with, from the reason. */
const statuses = { noAccess: 403, notFound: 404, invalid: 422 } as const;

/** The instance refused a request, or could not be started. */
export class InstanceError extends PepeunitError {
  override readonly name = 'InstanceError';
  declare readonly code: 'noAccess' | 'notFound' | 'invalid' | 'io';
  constructor(code: InstanceError['code'], message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
  /** HTTP status that says so. */
  get status(): 403 | 404 | 422 | 500 {
    return this.code === 'io' ? 500 : statuses[this.code];
  }
}

export const noAccess = (message: string): InstanceError => new InstanceError('noAccess', message);
export const notFound = (message: string): InstanceError => new InstanceError('notFound', message);
export const invalid = (message: string): InstanceError => new InstanceError('invalid', message);
