import type { Context, Hono } from 'hono';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import { mayUseTopic, maySeeUnit, notItsOwn, requireOwner, requireUser } from '../model/access.ts';
import { invalid, InstanceError } from '../errors.ts';
import { notObject } from './field-faults.ts';
import {
  bodyOf,
  noContent,
  optionalField,
  optionalText,
  optionalVisibility,
  pathUuid,
  queryCommand,
  queryOrder,
  queryPage,
  queryUuid,
  requiredQueryUuid,
  textField,
  type RestEnv,
  type RestParts,
} from './requests.ts';
import { parseJson } from '../model/json-text.ts';
import { unitRow } from '../model/rows.ts';
import type { NewUnit, NewVersion } from '../model/units.ts';

const newVersion = (body: JsonObject): NewVersion => {
  const compiledFirmwareLink = optionalText(body, 'compiled_firmware_link');
  return { folder: textField(body, 'folder'), ...(compiledFirmwareLink === undefined ? {} : { compiledFirmwareLink }) };
};

const newUnit = (body: JsonObject): NewUnit => {
  const visibilityLevel = optionalVisibility(body);
  const env = optionalField(body, 'env', isJsonObject, notObject);
  return {
    name: textField(body, 'name'),
    ...newVersion(body),
    ...(visibilityLevel === undefined ? {} : { visibilityLevel }),
    ...(env === undefined ? {} : { env }),
  };
};

/** Reads variables from JSON in `env_json_string`, as the platform does, or from the body itself. */
const variablesOf = (body: JsonObject): JsonObject => {
  if (!Object.hasOwn(body, 'env_json_string')) return body;
  const text = textField(body, 'env_json_string');
  let variables: unknown;
  try {
    variables = parseJson(text);
  } catch (cause) {
    throw new InstanceError('invalid', 'Data env.json is invalid', { cause, subject: 'json' });
  }
  if (!isJsonObject(variables)) throw invalid('Data env.json is invalid', 'json');
  return variables;
};

/** Adds the routes for managing units. */
export const operatorRoutes = (api: Hono<RestEnv>, { core, operator }: RestParts): void => {
  api.post('/units', async (context) => {
    requireUser(context.get('agent'));
    return context.json(await operator.createUnit(newUnit(await bodyOf(context))), 201);
  });
  api.post('/units/:uuid/versions', async (context) => {
    requireUser(context.get('agent'));
    return context.json(await operator.addVersion(pathUuid(context), newVersion(await bodyOf(context))), 201);
  });
  const logUnit = (context: Context<RestEnv>): string => {
    const uuid = queryUuid(context, 'unit_uuid') ?? requiredQueryUuid(context, 'uuid');
    requireOwner(core.store, context.get('agent'), uuid);
    return uuid;
  };
  api.get('/units/log_list/', (context) => {
    const levels = context.req.queries('level') ?? [];
    const order = queryOrder(context, 'order_by_create_date') ?? 'desc';
    return context.json(operator.logList(logUnit(context), { ...queryPage(context), levels, order }));
  });
  // Of the broker, for each topic that a unit subscribes or publishes to.
  api.post('/units/auth', async (context) => {
    const body = await bodyOf(context);
    const { type, uuid } = await core.tokens.read(textField(body, 'token'));
    const isAllowed = type === 'Unit' && mayUseTopic(core.store, core.address.domain, uuid, textField(body, 'topic'));
    return context.json({ result: isAllowed ? 'allow' : 'deny' });
  });
  api.get('/units/:uuid', (context) => {
    const unit = core.store.unit(pathUuid(context));
    if (!maySeeUnit(context.get('agent'), unit)) throw notItsOwn(core.store, context.get('agent'));
    return context.json(unitRow(core.store, unit, [], Date.now()));
  });
  api.patch('/units/env/:uuid', async (context) => {
    requireUser(context.get('agent'));
    await operator.setEnv(pathUuid(context), variablesOf(await bodyOf(context)));
    return noContent(context);
  });
  api.delete('/units/env/:uuid', async (context) => {
    requireUser(context.get('agent'));
    await operator.resetEnv(pathUuid(context));
    return noContent(context);
  });
  api.delete('/units/:uuid', async (context) => {
    requireUser(context.get('agent'));
    await operator.deleteUnit(pathUuid(context));
    return noContent(context);
  });
  api.post('/units/send_command_to_input_base_topic/:uuid', async (context) => {
    const uuid = pathUuid(context);
    const command = queryCommand(context);
    requireOwner(core.store, context.get('agent'), uuid);
    const { type } = context.get('agent');
    // A unit gets what it should run already; it can't choose.
    const commit = type === 'Unit' ? operator.getTargetVersion(uuid).commit : context.req.query('commit');
    await operator.sendCommand(uuid, command, commit);
    return noContent(context);
  });
};
