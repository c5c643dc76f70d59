import { fromPromise } from 'xstate';
import { find, type Found, type OfUnit } from './finder.ts';

/** What the client does after an update. */
export const RestartMode = {
  /** Replace this process by a new one of the same program. */
  RestartExec: 'restart_exec',
  /** Start a new process of the same program and end this one. */
  RestartPopen: 'restart_popen',
  /** Apply env.json and schema.json alone and keep running. */
  EnvSchemaOnly: 'env_schema_only',
  /** Install the new version; it runs from the next start on. */
  NoRestart: 'no_restart',
  /** End, and let the supervisor start the new version. */
  Exit: 'exit',
} as const;
export type RestartMode = (typeof RestartMode)[keyof typeof RestartMode];

/** Modes in which another process takes over. */
export type RestartingMode = Extract<RestartMode, 'restart_exec' | 'restart_popen' | 'exit'>;

/**
 * Whether a mode lets another process take over.
 *
 * @example
 * import { RestartMode } from 'pepeunit-client';
 * import { isRestarting } from 'pepeunit-client/services';
 *
 * isRestarting(RestartMode.Exit); // true
 * isRestarting(RestartMode.NoRestart); // false
 */
export const isRestarting = (mode: RestartMode): mode is RestartingMode =>
  mode === RestartMode.RestartExec || mode === RestartMode.RestartPopen || mode === RestartMode.Exit;

/**
 * The mode of a restart that is wanted in any case: `restart_exec` in place of a mode that restarts nothing.
 *
 * @example
 * import { RestartMode } from 'pepeunit-client';
 * import { restartingModeOf } from 'pepeunit-client/services';
 *
 * restartingModeOf(RestartMode.NoRestart); // 'restart_exec'
 */
export const restartingModeOf = (mode: RestartMode): RestartingMode =>
  isRestarting(mode) ? mode : RestartMode.RestartExec;

/** Control over the running program. */
export interface ProcessControl {
  /** Whether a supervisor started this program and restarts it on request. */
  readonly isSupervised: boolean;
  /**
   * Calls back once when the parent process is gone (the supervisor, or the predecessor that became a proxy); never if
   * there is none.
   *
   * @returns Ends the watch.
   */
  watchSupervisor(onGone: () => void): () => void;
  /**
   * Shows the supervisor from now on that the event loop runs: it starts a program again whose loop hangs. Nothing by
   * default.
   *
   * @returns Ends that: the program may then do as it likes.
   */
  beat?(): () => void;
  /** How often the supervisor has ended this program because its event loop hung, and whether this start is due to that. */
  readonly hangs?: { readonly count: number; readonly isCause: boolean } | undefined;
  /**
   * Checks that a restart in the given mode is possible here; everywhere by default.
   *
   * @throws {ProcessError} `unsupported`
   */
  checkRestart?(mode: RestartingMode): void;
  /**
   * Restarts the program in the given mode. On success the promise stays pending and this process ends, or it stays as
   * a proxy of the new one and calls `onReplaced` to stop the rest of the unit here.
   *
   * @throws {ProcessError} The program then keeps running.
   */
  restart(mode: RestartingMode, onReplaced?: () => void): Promise<void>;
}

/**
 * Waits until no file of the program moves, for the unit machine's `awaitFiles`.
 *
 * @example
 * import { unitMachine } from 'pepeunit-client/machines';
 * import { awaitFiles } from 'pepeunit-client/services';
 *
 * const machine = unitMachine.provide({ actors: { awaitFiles: awaitFiles({ filesInPlace: async () => undefined }) } });
 */
export const awaitFiles = (given: Found<{ filesInPlace(): Promise<void> }>) =>
  fromPromise<void>(({ self }) => find(given, self).filesInPlace());
export type AwaitFiles = ReturnType<typeof awaitFiles>;

/**
 * Restarts the program, for the update machine's `restart` and the unit machine's `handOver`.
 *
 * @example
 * import { updateMachine } from 'pepeunit-client/machines';
 * import { restartProcess } from 'pepeunit-client/services';
 *
 * const logic = restartProcess(unit.world.process);
 * const machine = updateMachine.provide({ actors: { restart: logic } });
 */
export const restartProcess = (given: Found<{ restart(mode: RestartingMode): Promise<void> }>) =>
  fromPromise<void, OfUnit & { mode: RestartMode }>(async ({ input, self }) => {
    if (isRestarting(input.mode)) await find(given, self).restart(input.mode);
  });
export type RestartProcess = ReturnType<typeof restartProcess>;
