import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { Core } from '../model/core.ts';
import { apiPrefix, appPrefix } from '../model/env.ts';
import { InstanceError } from '../errors.ts';
import type { OriginCheck } from '../model/origins.ts';
import { FieldError } from './field-faults.ts';
import { nodeRoutes } from './node-routes.ts';
import { operatorRoutes } from './operator-routes.ts';
import { unitRoutes } from './unit-routes.ts';
import { PageError, type RestEnv, type RestParts } from './requests.ts';

const onError =
  ({ events }: Core) =>
  (thrown: Error, context: Context) => {
    if (thrown instanceof FieldError) return context.json({ detail: [thrown.fault] }, 422);
    if (thrown instanceof PageError) return context.json({ detail: thrown.message }, 422);
    if (thrown instanceof InstanceError && thrown.code !== 'io') {
      return context.json({ detail: thrown.detail }, thrown.status);
    }
    events.fault(`${context.req.method} ${context.req.path} failed`, thrown);
    return context.text('Internal Server Error', 500);
  };

/** Answers other methods on the paths of the routes: HEAD too, which the platform has nowhere. */
const refuseOtherMethods = (api: Hono<RestEnv>): void => {
  for (const path of new Set(api.routes.map((route) => route.path))) {
    if (!path.endsWith('*')) api.all(path.slice(`${appPrefix}${apiPrefix}`.length), methodNotAllowed);
  }
};

const methodNotAllowed = (context: Context) => context.json({ detail: 'Method Not Allowed' }, 405);

/** What the platform's own proxy answers to pages, but for the origins: it takes any. */
const forPages = cors({
  origin: (origin) => origin,
  allowMethods: ['GET', 'POST', 'PATCH', 'DELETE'],
  credentials: true,
  maxAge: 86_400,
});

/** Answers the browser's questions for pages of allowed origins alone. */
const answerPages =
  (isAllowed: OriginCheck): MiddlewareHandler =>
  (context, next) => {
    const origin = context.req.header('origin');
    return origin !== undefined && isAllowed(origin) ? forPages(context, next) : next();
  };

/**
 * Creates the REST API of an instance, under `/pepeunit/api/v1`.
 *
 * @param isAllowed Says which origins' pages may read its answers.
 */
export const restApi = (parts: RestParts, isAllowed: OriginCheck): Hono<RestEnv> => {
  const { core } = parts;
  const api = new Hono<RestEnv>().basePath(`${appPrefix}${apiPrefix}`);
  api.onError(onError(core));
  api.notFound((context) => context.json({ detail: 'Not Found' }, 404));
  api.use(answerPages(isAllowed));
  api.use(async (context, next) => {
    if (context.req.method === 'HEAD') return methodNotAllowed(context);
    context.set('agent', await core.tokens.read(context.req.header('x-auth-token')));
    return next();
  });
  unitRoutes(api, parts);
  operatorRoutes(api, parts);
  nodeRoutes(api, parts);
  refuseOtherMethods(api);
  return api;
};
