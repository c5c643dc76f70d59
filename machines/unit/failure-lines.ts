import type { ErrorActorEvent } from 'xstate';
import { failureOf } from '../../services/errors.ts';
import type { LogLine } from './notices.ts';

/** The log line of a main cycle that failed. */
export const cycleLine = ({ error }: ErrorActorEvent): LogLine => {
  const failure = failureOf(error);
  return { level: 'Error', text: `The main cycle failed and is off: ${failure.message}`, failure };
};

/** The log line of a stop that could not put everything away. */
export const releaseLine = ({ error }: ErrorActorEvent): LogLine => {
  const failure = failureOf(error);
  return { level: 'Warning', text: `Not all could be put away: ${failure.message}`, failure };
};

/** The line of a unit that begins its work without MQTT. */
export const restOnlyLine: LogLine = {
  level: 'Info',
  text: 'MQTT is switched off: the unit works over REST alone',
};
