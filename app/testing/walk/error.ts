import { PepeunitError } from '../../../services/errors.ts';

/** A walk found a fault of the machine, or can't go on; `path` are the steps that lead there. */
export class WalkError extends PepeunitError<'violated' | 'failed' | 'tooMany' | 'unscripted' | 'unrepeatable'> {
  override readonly name = 'WalkError';
  /** The shortest way there from the start. */
  readonly path: readonly string[];

  constructor(code: WalkError['code'], message: string, path: readonly string[], options?: ErrorOptions) {
    super(code, message, options);
    this.path = path;
  }
}

/** A path for people. */
export const shownPath = (path: readonly string[]): string => (path.length === 0 ? 'the start' : path.join(' / '));
