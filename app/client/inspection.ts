import type { InspectionEvent, Observer } from 'xstate';
import { callGuarded, type OnFailure } from '../messaging/call-user.ts';

export type Inspector = Observer<InspectionEvent> | ((event: InspectionEvent) => void);

/** Passes inspection events to the user's observer. After its first failure, which is logged, it gets no more events. */
export const guardInspector = (inspector: Inspector, warn: OnFailure): ((event: InspectionEvent) => void) => {
  const observe = typeof inspector === 'function' ? inspector : (event: InspectionEvent) => inspector.next?.(event);
  let hasFailed = false;
  const disable = (message: string) => {
    if (!hasFailed) warn(`${message}. It gets no more events.`);
    hasFailed = true;
  };
  return (event) => {
    if (!hasFailed) void callGuarded('inspector', observe, [event], disable);
  };
};
