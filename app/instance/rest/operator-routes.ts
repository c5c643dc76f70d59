import type { Context, Hono } from 'hono';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import { maySeeUnit, requireOwner, requireUser } from '../model/access.ts';
import { InstanceError, noAccess } from '../errors.ts';
import {
  bodyOf,
  isText,
  isVisibility,
  optionalField,
  pathUuid,
  queryCommand,
  queryOrder,
  queryPage,
  requireUuid,
  textField,
  type RestEnv,
  type RestParts,
} from './requests.ts';
import type { NewUnit, NewVersion } from '../model/units.ts';

const newVersion = (body: JsonObject): NewVersion => {
  const compiledFirmwareLink = optionalField(body, 'compiled_firmware_link', 'a text', isText);
  return { folder: textField(body, 'folder'), ...(compiledFirmwareLink === undefined ? {} : { compiledFirmwareLink }) };
};

const newUnit = (body: JsonObject): NewUnit => {
  const visibilityLevel = optionalField(body, 'visibility_level', 'Public, Internal or Private', isVisibility);
  const env = optionalField(body, 'env', 'an object', isJsonObject);
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
  let variables: unknown;
  try {
    variables = JSON.parse(textField(body, 'env_json_string'));
  } catch (cause) {
    throw cause instanceof InstanceError
      ? cause
      : new InstanceError('invalid', 'env_json_string must be the text of a JSON object.', { cause });
  }
  if (!isJsonObject(variables)) throw new InstanceError('invalid', 'env_json_string must hold a JSON object.');
  return variables;
};

const logUnit = (context: Context<RestEnv>): string => {
  const uuid = requireUuid('unit_uuid', context.req.query('unit_uuid') ?? context.req.query('uuid'));
  requireOwner(context.get('agent'), uuid);
  return uuid;
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
  for (const path of ['/units/log_list', '/units/log_list/']) {
    api.get(path, (context) => {
      const levels = context.req.queries('level') ?? [];
      const order = queryOrder(context, 'order_by_create_date', 'desc');
      return context.json(operator.logList(logUnit(context), { ...queryPage(context), levels, order }));
    });
  }
  api.get('/units/:uuid', (context) => {
    const unit = core.store.unit(pathUuid(context));
    if (!maySeeUnit(context.get('agent'), unit)) throw noAccess('The unit is private. Send the token of its owner.');
    return context.json(operator.getUnit(unit.uuid));
  });
  api.patch('/units/env/:uuid', async (context) => {
    requireUser(context.get('agent'));
    await operator.setEnv(pathUuid(context), variablesOf(await bodyOf(context)));
    return context.body(null, 204);
  });
  api.post('/units/send_command_to_input_base_topic/:uuid', async (context) => {
    const uuid = pathUuid(context);
    requireOwner(context.get('agent'), uuid);
    await operator.sendCommand(uuid, queryCommand(context), context.req.query('commit'));
    return context.body(null, 204);
  });
};
