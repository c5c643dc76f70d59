import type { InspectionEvent, Observer } from 'xstate';
import { redactedData } from '../../services/redacted-data.ts';
import { callGuarded, type OnFailure } from '../messaging/call-user.ts';

export type Inspector = Observer<InspectionEvent> | ((event: InspectionEvent) => void);

/** Failures in a row after which an observer gets no more events. */
const maxFailures = 5;

/** What an observer may see of a snapshot. */
const shownSnapshot = <T extends object>(snapshot: T): T => {
  const { context, error } = snapshot as { context?: unknown; error?: unknown };
  const shown = { context: redactedData(context), error: redactedData(error) };
  return shown.context === context && shown.error === error ? snapshot : { ...snapshot, ...shown };
};

/** An inspection event without the secrets of errors and of what came from outside. */
const shownEvent = (inspected: InspectionEvent): InspectionEvent => ({
  ...inspected,
  ...('event' in inspected && { event: redactedData(inspected.event) }),
  ...('snapshot' in inspected && { snapshot: shownSnapshot(inspected.snapshot) }),
});

/** Passes inspection events to the user's observer. Its first failure is logged, and after five in a row it gets no more. */
export const guardInspector = (inspector: Inspector, warn: OnFailure): ((event: InspectionEvent) => void) => {
  const observe = typeof inspector === 'function' ? inspector : (event: InspectionEvent) => inspector.next?.(event);
  let inARow = 0;
  let isTold = false;
  const fail = (message: string) => {
    inARow += 1;
    if (inARow === maxFailures)
      return warn(`${message}. It failed ${maxFailures} times in a row and gets no more events.`);
    if (!isTold && inARow < maxFailures) warn(`${message}. It goes on getting events.`);
    isTold = true;
  };
  return (event) => {
    if (inARow >= maxFailures) return;
    const failedBefore = inARow;
    const settling = callGuarded('inspector', observe, [shownEvent(event)], fail);
    if (!settling && inARow === failedBefore) inARow = 0;
  };
};

type Observe = (event: InspectionEvent) => void;

/** Gives events to two observers; to the one that is there, if the other is not. */
export const besides = (one: Observe | undefined, other: Observe | undefined): Observe | undefined => {
  if (!one || !other) return one ?? other;
  return (event) => {
    one(event);
    other(event);
  };
};
