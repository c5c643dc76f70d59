import { PepeunitError } from '../../services/errors.ts';

/** HTTP status of each code. */
const statuses = { noAccess: 403, notFound: 422, tooLarge: 413, invalid: 422, io: 500, taken: 500 } as const;

/** What a refusal is about, with the number and name that the platform gives it. */
const subjects = {
  access: '1: No Access',
  object: '2: Validation Error',
  unit: '7: Unit Validation Error',
  node: '8: UnitNode Validation Error',
  json: '9: JSON Decode Error',
  storage: '12: Cipher Error',
} as const;

type Subject = keyof typeof subjects;

/** A refused request, or a failed start of the instance. */
export class InstanceError extends PepeunitError {
  override readonly name = 'InstanceError';
  declare readonly code: keyof typeof statuses;
  /** HTTP status of the answer. */
  readonly status: (typeof statuses)[keyof typeof statuses];
  /** `detail` of the answer, as the platform writes it. */
  readonly detail: string;
  /** @param options.subject @defaultValue `unit` */
  constructor(
    code: InstanceError['code'],
    message: string,
    { subject = 'unit', ...options }: ErrorOptions & { readonly subject?: Subject } = {},
  ) {
    super(code, message, options);
    this.status = statuses[code];
    this.detail = `${this.status}: ${subjects[subject]}: ${code === 'notFound' ? 'The object does not exist' : message}`;
  }
}

export const noAccess = (message: string): InstanceError =>
  new InstanceError('noAccess', message, { subject: 'access' });
export const notFound = (message: string): InstanceError =>
  new InstanceError('notFound', message, { subject: 'object' });
export const invalid = (message: string, subject: Subject = 'unit'): InstanceError =>
  new InstanceError('invalid', message, { subject });
