import type { AnyActorRef } from 'xstate';
import type { RecordedUnit } from '../../client/recording.ts';
import { failureOf } from '../../../services/errors.ts';
import type { Request } from '../wire.ts';

/** What a request wants. */
type Wanted = Request[3];
type Event = Extract<Wanted, { send: object }>['send'];

/** Sends an event to a child of the unit, if it is one of its own. @returns What is wrong with it. */
const sendToChild = (ref: AnyActorRef, event: Event): string | null => {
  const { events } = (ref as { logic?: { events?: readonly string[] } }).logic ?? {};
  if (event.type.startsWith('xstate.') || events?.includes(event.type) !== true) {
    return `"${event.type}" is no event of ${ref.id}.`;
  }
  ref.send(event);
  return null;
};

const send = (unit: RecordedUnit, ref: AnyActorRef | undefined, event: Event): string | null => {
  if (!ref) return 'There is no such machine any more.';
  if (ref !== unit.actor()) return sendToChild(ref, event);
  // It takes the requests of an app alone, and checks them.
  ref.send(event);
  return null;
};

const publish = async (
  unit: RecordedUnit,
  { publish: payload, topic, qos = 0 }: Extract<Wanted, { publish: string }>,
): Promise<string | null> => {
  const result = await unit.publish(topic, payload, qos);
  return 'reason' in result ? result.reason : null;
};

/**
 * Does in a unit what a page asks for.
 *
 * @param actorOf Finds a machine by its place in the run's list.
 * @returns What went wrong, or `null`.
 */
export const carryOut = async (
  unit: RecordedUnit,
  actorOf: (index: number) => AnyActorRef | undefined,
  wanted: Wanted,
): Promise<string | null> => {
  try {
    if ('send' in wanted) return send(unit, actorOf(wanted.to), wanted.send);
    if ('publish' in wanted) return await publish(unit, wanted);
    await unit.command(wanted.command);
    return null;
  } catch (thrown) {
    return unit.redacted(failureOf(thrown).message);
  }
};
