import type { InspectionEvent, Observer } from 'xstate';
import { callGuarded, type OnFailure } from '../messaging/call-user.ts';

export type Inspector = Observer<InspectionEvent> | ((event: InspectionEvent) => void);

/** Hands inspection events to an observer of the user; one that fails is let go, and told once. */
export const guardInspector = (inspector: Inspector, warn: OnFailure): ((event: InspectionEvent) => void) => {
  const observe = typeof inspector === 'function' ? inspector : (event: InspectionEvent) => inspector.next?.(event);
  let hasFailed = false;
  const letGo = (message: string) => {
    if (!hasFailed) warn(`${message}. It gets no more events.`);
    hasFailed = true;
  };
  return (event) => {
    if (!hasFailed) void callGuarded('inspector', observe, [event], letGo);
  };
};
