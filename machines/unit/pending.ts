import type { ChildName, Known, Message, PendingMessage, UnitEvent } from './context.ts';
import { initialMessages } from './routing.ts';
import { messagesOf } from './send.ts';

/** Whether a message need not wait for its child: the child is told what holds by then. */
export const isToldAnew = ({ to, event }: Message): boolean =>
  initialMessages[to].some(({ told }) => told?.includes(event.type));

/** What a child that runs again is sent: to load its file, what waits for it, and then where the unit stands. */
export const messagesToStarted = (
  child: ChildName,
  known: Known,
  event: UnitEvent,
  pending: readonly PendingMessage[],
): Message[] => {
  const initial = messagesOf(initialMessages[child], known, event);
  const loads = initial.filter((message) => !isToldAnew(message));
  const asked = pending.filter((message) => !loads.some((load) => load.event.type === message.event.type));
  return [...loads, ...asked, ...initial.filter(isToldAnew)];
};

/** Queues messages for children that are not running, the newest of each kind; what the app asked for is a kind apart. */
export const withPending = (
  before: readonly PendingMessage[],
  messages: readonly PendingMessage[],
): PendingMessage[] => {
  const isNewer = (old: PendingMessage) =>
    messages.some(({ event, isRequested }) => event.type === old.event.type && isRequested === old.isRequested);
  return [...before.filter((old) => !isNewer(old)), ...messages];
};

/** The messages that still wait once the unit stops, which overtakes an update or a reset that has not begun. */
export const withoutRestarts = (pending: readonly PendingMessage[]): PendingMessage[] =>
  pending.filter(({ to }) => to !== 'update' && to !== 'reset');

/** The messages that still wait once a child is off: its requests were rejected, and are not done later. */
export const withoutRequests = (pending: readonly PendingMessage[], child: ChildName): PendingMessage[] =>
  pending.filter(({ to, isRequested }) => to !== child || !isRequested);
