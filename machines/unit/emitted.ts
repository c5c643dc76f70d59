import type { Failure } from '../../services/errors.ts';
import type { RestartMode } from '../../services/process-control.ts';
import type { UpdateTarget } from '../../services/update.ts';
import type { UpdatePhase } from '../update/context.ts';

/** Commands of the instance. */
export type CommandName = 'update' | 'env_update' | 'schema_update' | 'log_sync' | 'reset';

interface Failed {
  /** What failed, and what to do. */
  failure: Failure;
}

interface OfUpdate {
  /** The version to which the update is. */
  target: UpdateTarget;
}

type OfSwap = OfUpdate & {
  /** How the program restarts, if it does. */
  mode: RestartMode;
};

interface OfTrial {
  /** The version that was on trial. */
  version: string;
}

/** What the events of a unit carry, by their types. */
interface EmittedFields {
  /** The link is up, and the topics are subscribed. */
  online: object;
  /** The link is down; the unit reconnects. */
  offline: object;
  /** The unit is at work, with MQTT switched off. */
  restOnly: object;
  /** The link was closed on request. */
  disconnected: object;
  /** The instance denies the unit its own topics, as it does while it is away. Messages wait until `granted`. */
  denied: Failed;
  /** The instance grants the unit its topics again. */
  granted: object;
  /** The unit can't start: env.json or schema.json can't be used. */
  misconfigured: Failed;
  /** An env is in force. */
  settingsLoaded: object;
  /** An env could not be read, downloaded or used; the one before stays. */
  settingsFailed: Failed;
  /** A schema is in force. */
  schemaLoaded: object;
  /** A schema could not be read, downloaded or used; the one before stays. */
  schemaFailed: Failed;
  /** A time server answered. */
  timeSynced: {
    /** The server's time less that of this host, milliseconds. */
    offsetMs: number;
  };
  /** No time server answered. */
  timeFailed: Failed;
  /** The stored log was sent. */
  logsSynced: {
    /** How many entries were sent. */
    entries: number;
  };
  /** The stored log was not sent. */
  logsFailed: Failed;
  /** A version is about to be downloaded. */
  updateBegan: OfUpdate;
  /** A version is not tried, such as one that has failed before. */
  updateRefused: OfUpdate & Failed;
  /** Emitted once, even if the trial was confirmed just before the program ended. */
  updateConfirmed: OfTrial;
  /** Emitted once, by the restored version. */
  updateRolledBack: OfTrial & {
    /** Why the trial was not passed. */
    reason: string;
  };
  /** That version runs already. */
  updateSkipped: OfUpdate & {
    /** Why nothing is done. */
    reason: 'sameVersion';
  };
  /** The files of a version are in place. */
  updateSwapped: OfSwap;
  /** A version is in place, in a mode that restarts nothing. */
  updateFinished: OfSwap;
  /** The app's own update handler is done. */
  updateHandedOver: OfUpdate;
  /** The update ended before the swap; the version before runs on. */
  updateFailed: OfUpdate & {
    /** The step that failed. */
    phase: UpdatePhase;
  } & Failed;
  /** A state report was sent. */
  reported: object;
  /** A state report was not sent. */
  reportFailed: Failed;
  /** The instance sent a command. */
  command: {
    /** Which one. */
    command: CommandName;
  };
  /** No other process took over: the unit goes on, with its link. */
  restartFailed: Failed;
  /** The unit has stopped. */
  stopped: object;
}

/** Events that the unit emits for the app. */
export type UnitEmitted = { [K in keyof EmittedFields]: { type: K } & EmittedFields[K] }[keyof EmittedFields];
