import type { UnitRequest } from '../../machines/unit/context.ts';
import { isRestarting, RestartMode } from '../../services/process-control.ts';
import { ClientError, textOf } from '../../services/errors.ts';
import { commands } from '../messaging/inbound/command.ts';
import { sinkNames } from '../logging/log.ts';
import { flag, list, oneOf, rule, shape, textShown, type Rule } from './options/rules.ts';
import { didYouMean } from './options/suggestion.ts';
import type { UnitActor } from './await-event.ts';

const text = rule('a text', (given) => typeof given === 'string');
const object = rule('an object', (given) => typeof given === 'object' && given !== null && !Array.isArray(given));
const target = shape({ firmwareLink: text, payload: object }, { commitVersion: text });
const restartingMode = oneOf(...Object.values(RestartMode).filter(isRestarting));
const nothing = shape({});

/** What each request has to carry besides its type. */
const shapes: Readonly<Record<UnitRequest['type'], Rule>> = {
  'unit.start': nothing,
  'unit.stop': nothing,
  'unit.restart': shape({}, { mode: restartingMode }),
  'cycle.start': nothing,
  'cycle.stop': nothing,
  'command.received': shape({ target }, { command: oneOf(...commands) }),
  'mqtt.connect': nothing,
  'mqtt.disconnect': nothing,
  'mqtt.resubscribe': nothing,
  'mqtt.alsoWant': shape({}, { topics: list(text) }),
  'wifi.connect': nothing,
  'settings.load': nothing,
  'settings.refresh': nothing,
  'schema.load': nothing,
  'schema.refresh': nothing,
  'time.sync': nothing,
  'update.start': shape({}, { target }),
  'update.configure': shape({ commitVersion: text, handsOver: flag }),
  'logger.sync': nothing,
  'logger.toggle': shape({}, { sink: oneOf(...sinkNames), enabled: flag }),
  'reporter.report': nothing,
};

const isRequest = (type: unknown): type is UnitRequest['type'] =>
  typeof type === 'string' && Object.hasOwn(shapes, type);

const refused = (why: string, cause?: unknown) =>
  new ClientError('invalid', `The unit's actor did not take an event. ${why}`, { cause });

/** Copies an event, so that later changes of it do no harm. @throws {ClientError} `invalid` when it is no plain data. */
const copyOf = (given: unknown): Readonly<Record<string, unknown>> => {
  try {
    const copy: unknown = structuredClone(given);
    if (typeof copy === 'object' && copy !== null) return { ...copy };
  } catch (cause) {
    throw refused('It has to be plain data, without functions.', cause);
  }
  throw refused('It has to be an object with a type.');
};

/** Checks an event that an app sends. @throws {ClientError} `invalid` */
const requestOf = (given: unknown): UnitRequest => {
  const event = copyOf(given);
  const { type } = event;
  if (!isRequest(type)) {
    throw refused(
      `${textShown(textOf(type))} is no request of an app. ${didYouMean(textOf(type), Object.keys(shapes))}`,
    );
  }
  const { faults } = shapes[type](event, '');
  if (faults.length > 0) throw refused(`"${type}" is wrong: ${faults.join(' ')}`);
  return event as UnitRequest;
};

/** Makes an actor's `send` take valid requests alone, and copies of them. Its machines' own events do not pass there. */
export const guardRequests = (actor: UnitActor): UnitActor => {
  const { send } = actor;
  return Object.assign(actor, { send: (event: unknown) => send(requestOf(event)) });
};
