import type { AnyEventObject, AnyStateMachine, ContextFrom } from 'xstate';
import type { Failure } from '../../../../services/errors.ts';

/** What holds in one state of a machine, written down by hand. */
export interface TableState<TContext = never> {
  /** Tags of the state itself. @defaultValue none */
  readonly tags?: readonly string[];
  /** Ids of the actors that run in it, with what each is given. @defaultValue none */
  readonly runs?: Readonly<Record<string, ((context: TContext) => unknown) | undefined>>;
  /** Its delays with their lengths, milliseconds. @defaultValue none */
  readonly after?: Readonly<Record<string, number | ((context: TContext) => number)>>;
  /** Whether it is left as soon as it is entered, so that nothing can happen in it. @defaultValue false */
  readonly isPassing?: boolean;
}

/** What follows when something happens in a state. Without `to`, the machine stays where it is and restarts nothing. */
export interface Consequence<TContext = never> {
  /** The side of a guard: when this row holds. One row must hold, and no more. @defaultValue always */
  readonly when?: (context: TContext, event: never) => boolean;
  /** The state that is entered, by its path; where there are regions, one for each that is entered, as in `from`. */
  readonly to?: string;
  /** The state that is left and entered again although `to` lies in it. @defaultValue only what `to` does not share */
  readonly anew?: string;
  /** What the parent and the invoked actors are told, in order; `to` names an actor. @defaultValue nothing */
  readonly told?: readonly Message[] | ((context: TContext, event: never, before: TContext) => readonly Message[]);
  /** Params of the recorded actions that are called, as `[action, params]`, in order. @defaultValue none */
  readonly does?: readonly Call[] | ((context: TContext, event: never) => readonly Call[]);
  /** What changes in the context; all else stays. @defaultValue nothing */
  readonly context?: Partial<TContext> | ((context: TContext, event: never) => Partial<TContext>);
}

/** Something that the parent is told, or the invoked actor whose id is in `to`. */
export type Message = Readonly<Record<string, unknown>> & { readonly type: string };

/** A recorded action with its params. */
export type Call = readonly [action: string, params: unknown];

/**
 * One line of a table: the states it starts from, what happens, and what follows.
 *
 * What happens is the type of an event, `ID done` or `ID fails` of an invoked actor, `after DELAY`, or `always` for what
 * follows by itself as soon as a state is entered.
 */
export interface Row<TContext = never> extends Consequence<TContext> {
  readonly from: readonly string[];
  readonly event: string;
}

/** What a machine must do, written down without a look at how it does it. */
export interface MachineTable<TContext = never> {
  readonly machine: AnyStateMachine;
  /** The machine's input but for `parent`. */
  readonly input?: object;
  /** Every state, by its path. */
  readonly states: Readonly<Record<string, TableState<TContext>>>;
  /** Where it begins, telling nobody: the state, one for each region; the context but for `parent`. */
  readonly start: {
    readonly states: readonly string[];
    readonly context: TContext;
    readonly does?: readonly Call[];
  };
  /** Names of actions that the app provides. @defaultValue none */
  readonly recorded?: readonly string[];
  /** Everything others may send, with each payload worth telling apart. */
  readonly events: readonly AnyEventObject[];
  /** What each invoked actor may end with, by its id. @defaultValue nothing, once */
  readonly outputs?: Readonly<Record<string, readonly unknown[]>>;
  /** What each invoked actor may fail with, by its id. @defaultValue {@link unexpected} */
  readonly errors?: Readonly<Record<string, readonly unknown[]>>;
  /** What each invoked actor that never ends by itself may say, by its id. */
  readonly says?: Readonly<Record<string, readonly AnyEventObject[]>>;
  readonly rows: readonly Row<TContext>[];
  /** The walks that together reach all of it. */
  readonly walks: readonly TableWalk<TContext>[];
}

/** One walk over a table, small enough to try everything everywhere. */
export interface TableWalk<TContext = never> {
  /** Input that differs from the table's, with the context that it begins with. @defaultValue none */
  readonly input?: object;
  readonly context?: Partial<TContext>;
  /** What happens before anything is tried, by its label. @defaultValue nothing */
  readonly prelude?: readonly string[];
  /** Whether what has this label is tried. @defaultValue all is */
  readonly uses?: (label: string) => boolean;
  /** What of the context makes two situations different; the states always do. Keep it finite. */
  readonly key: (context: TContext) => unknown;
}

/** What a machine keeps, but for its parent. */
export type ContextOf<TMachine extends AnyStateMachine> = Omit<ContextFrom<TMachine>, 'parent'>;

/** Makes the lines of a machine's table. `from` names states, or `any` for those without a line of their own for this event. */
export const rowsOf =
  <TMachine extends AnyStateMachine>() =>
  (from: string, event: string, ...consequences: Consequence<ContextOf<TMachine>>[]): Row<ContextOf<TMachine>>[] =>
    (consequences.length > 0 ? consequences : [{}]).map((consequence) => ({
      ...consequence,
      from: from.split(' '),
      event,
    }));

/** Checks a table against its machine's types, then forgets them. */
export const defineTable = <TMachine extends AnyStateMachine>(
  machine: TMachine,
  {
    key,
    ...table
  }: Omit<MachineTable<ContextOf<TMachine>>, 'machine' | 'rows' | 'walks'> & {
    readonly rows: readonly (readonly Row<ContextOf<TMachine>>[])[];
    /** The walks that together reach all of it. @defaultValue one that tries everything, by the `key` */
    readonly walks?: readonly TableWalk<ContextOf<TMachine>>[];
    readonly key?: TableWalk<ContextOf<TMachine>>['key'];
  },
): MachineTable =>
  ({ walks: key ? [{ key }] : [], ...table, machine, rows: table.rows.flat() }) as unknown as MachineTable;

/** What an actor fails with that nobody has planned for. */
export const unexpected = new Error('it broke');

/** How {@link unexpected} is told. */
export const unexpectedFailure: Failure = { name: 'Error', code: 'unexpected', message: 'it broke' };

/** How it is told that something took too long. */
export const tooLong = (what: string): Failure => ({
  name: 'TimeoutError',
  code: 'timeout',
  message: `${what} took too long and was given up`,
});

/** The other side of a guard. */
export const not =
  <TArgs extends readonly unknown[]>(guard: (...args: TArgs) => boolean) =>
  (...args: TArgs): boolean =>
    !guard(...args);
