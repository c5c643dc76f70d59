/**
 * Types of the unit, for `new PepeunitClient<Unit>(…)`. Made by `pepeunit types` from env_example.json and
 * schema_example.json: run it again when they change.
 */
export interface Unit {
  /** The unit's own variables. */
  readonly env: {
    readonly DEFAULT_PERCENT: number;
  };
  /** Keys of its Inputs. */
  readonly input: 'valve/pepeunit';
  /** Keys of its Outputs. */
  readonly output: 'position/pepeunit';
}
