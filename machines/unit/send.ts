import type { ChildName, Known, Message, UnitEvent } from './context.ts';

/** One message that the unit may send, as data. */
export interface Send {
  readonly to: ChildName;
  /** Types of the event that it sends: one of them, or none where there is nothing to say. */
  readonly types: readonly string[];
  /** The event or command that it is for, in a route of several. @defaultValue all that take the route */
  readonly of?: string;
  /** Types of which a child that starts again is told the one that holds by then, if it does not take it for granted. */
  readonly told?: readonly string[];
  readonly messages: (known: Known, event: UnitEvent) => readonly Message[];
}

type EventFor<K extends ChildName> = Extract<Message, { to: K }>['event'];

/** Describes a message to a child by the types of its event; the function gives the event, or nothing. */
export const send = <K extends ChildName, T extends EventFor<K>['type']>(
  to: K,
  types: readonly T[],
  eventOf: (known: Known, event: UnitEvent) => Extract<EventFor<K>, { type: T }> | undefined,
): Send => ({
  to,
  types,
  messages: (known, event) => {
    const sent = eventOf(known, event);
    return sent ? [{ to, event: sent } as unknown as Message] : [];
  },
});

/** The same message, under a condition. */
const onlyIf =
  (holds: (known: Known, event: UnitEvent) => boolean) =>
  (one: Send): Send => ({
    ...one,
    messages: (known, event) => (holds(known, event) ? one.messages(known, event) : []),
  });

/** The same message, from the start of the unit on. */
export const onceStarted = onlyIf(({ isRecovering, isReading }) => isRecovering || isReading);

/** The same message, once settings and schema may be read. */
export const onceReading = onlyIf(({ isReading }) => isReading);

/** A message that says nothing new without settings. */
export const onceConfigured = onlyIf(({ settings }) => settings !== undefined);

/** The same message, while the unit is at work. */
export const atWork = onlyIf(({ isOperating }) => isOperating);

/** The same message, while the WiFi network is wanted: at work, or if the app has asked for it. */
export const whileWifiWanted = onlyIf(({ isOperating, isWifiWanted }) => isOperating || isWifiWanted);

/** The same message, while there is a network. */
export const withNetwork = onlyIf(({ hasNetwork }) => hasNetwork);

const online = onlyIf(({ isOnline }) => isOnline);

/** A message while the link is up: that it has come up is told as it does. */
export const whileOnline = (one: Send): Send => online({ ...one, types: one.types.filter((t) => t !== 'broker.down') });

/** What the last link was denied, while there is none: a child that was told of that link knows. */
export const sinceDenied = onlyIf(({ denial, isOnline }) => denial !== undefined && !isOnline);

/** What the last link was denied, if it was one of the current env. */
export const byThisEnv = onlyIf(({ denial, settings }) => denial?.linkRevision === settings?.linkRevision);

/** A message after an update that has replaced env.json and schema.json alone. */
export const afterFiles = onlyIf((_, event) => event.type === 'update.finished' && event.mode === 'env_schema_only');

/** A message for one event or command, in a route of several. */
export const onlyFor = (of: string, holds: (event: UnitEvent) => boolean, one: Send): Send => ({
  ...onlyIf((_, event) => holds(event))(one),
  of,
});

/** A message to a child that starts again, of where the unit stands by then, unless the child takes that for granted. */
export const standing = (one: Send, assumed?: string): Send => ({
  ...one,
  types: one.types.filter((type) => type !== assumed),
  told: [...one.types, ...(assumed === undefined ? [] : [assumed])],
  messages: (known, event) => one.messages(known, event).filter((message) => message.event.type !== assumed),
});

/** What is sent on a route, or to a child that has started. */
export const messagesOf = (sends: readonly Send[], known: Known, event: UnitEvent): Message[] =>
  sends.flatMap(({ messages }) => messages(known, event));
