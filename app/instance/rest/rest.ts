import { Hono, type Context } from 'hono';
import type { Core } from '../model/core.ts';
import { apiPrefix, appPrefix } from '../model/env.ts';
import { InstanceError } from '../errors.ts';
import { nodeRoutes } from './node-routes.ts';
import { operatorRoutes } from './operator-routes.ts';
import { unitRoutes } from './unit-routes.ts';
import type { RestEnv, RestParts } from './requests.ts';

const detail = (context: Context, status: 403 | 404 | 413 | 422 | 500, message: string) =>
  context.json({ detail: message }, status);

const onError =
  ({ events }: Core) =>
  (thrown: Error, context: Context) => {
    if (thrown instanceof InstanceError && thrown.code !== 'io') return detail(context, thrown.status, thrown.message);
    events.fault(`${context.req.method} ${context.req.path} failed`, thrown);
    return detail(context, 500, 'The instance failed. Look at its output.');
  };

/** Creates the REST API of an instance, under `/pepeunit/api/v1`. */
export const restApi = (parts: RestParts): Hono<RestEnv> => {
  const { core } = parts;
  const api = new Hono<RestEnv>().basePath(`${appPrefix}${apiPrefix}`);
  api.onError(onError(core));
  api.notFound((context) => detail(context, 404, 'There is no such route.'));
  api.use(async (context, next) => {
    context.set('agent', await core.tokens.read(context.req.header('x-auth-token')));
    await next();
  });
  unitRoutes(api, parts);
  operatorRoutes(api, parts);
  nodeRoutes(api, parts);
  return api;
};
