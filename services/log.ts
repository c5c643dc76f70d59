import { fromPromise } from 'xstate';

/** Log levels, lowest first. */
export const LogLevel = {
  Debug: 'Debug',
  Info: 'Info',
  Warning: 'Warning',
  Error: 'Error',
  Critical: 'Critical',
} as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

/** One entry, as it goes over the wire and into log.json. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly text: string;
  /** ISO 8601 UTC with `Z`; left out while no trusted time is known. */
  readonly create_datetime?: string;
}

/** Where entries end up. A sink never throws and never blocks. */
export interface LogSink {
  write(entry: LogEntry): void;
  /** Resolves when everything written so far is out. */
  flush(): Promise<void>;
}

/** Flushes every sink, for the logger machine's `flush`. */
export const flushLogs = (flush: () => Promise<void>) => fromPromise<void>(() => flush());
export type FlushLogs = ReturnType<typeof flushLogs>;

/** Sends every stored entry, oldest first, for the logger machine's `sendStored`. @returns How many were sent. */
export const sendStoredLogs = (send: (signal: AbortSignal) => Promise<number>) =>
  fromPromise<number>(({ signal }) => send(signal));
export type SendStoredLogs = ReturnType<typeof sendStoredLogs>;
