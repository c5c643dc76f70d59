import type { Context, Hono } from 'hono';
import { requireOwner } from '../model/access.ts';
import { packTar, packTgz, packZip, type ArchiveFile } from '../model/archive.ts';
import { listUnits } from '../model/rows.ts';
import {
  bodyOf,
  pathUuid,
  queryInteger,
  queryOrder,
  queryPage,
  requireUuid,
  textField,
  type RestEnv,
  type RestParts,
} from './requests.ts';
import { setStateStorage } from '../model/units.ts';

const archive = (context: Context, name: string, type: string, bytes: Uint8Array) =>
  context.body(Uint8Array.from(bytes), 200, {
    'content-type': type,
    'content-disposition': `attachment; filename="${name}"`,
    'content-length': String(bytes.length),
  });

/** Reads the unit of the path. @throws {InstanceError} `noAccess` unless the agent may act for it. */
const ownUnit = (context: Context<RestEnv>): string => {
  const uuid = pathUuid(context);
  requireOwner(context.get('agent'), uuid);
  return uuid;
};

/** Adds the routes that units call. */
export const unitRoutes = (api: Hono<RestEnv>, { core, operator }: RestParts): void => {
  const firmware = (context: Context<RestEnv>): Promise<readonly ArchiveFile[]> =>
    operator.getFirmware(ownUnit(context));

  api.get('/units', (context) => {
    const nodeUuids = (context.req.queries('unit_node_uuids') ?? []).map((uuid) =>
      requireUuid('unit_node_uuids', uuid),
    );
    const withNodes = context.req.query('is_include_output_unit_nodes') === 'true';
    const orderByName = queryOrder(context, 'order_by_unit_name', 'asc');
    return context.json(
      listUnits(core.store, context.get('agent'), { ...queryPage(context), withNodes, nodeUuids, orderByName }),
    );
  });
  api.get('/units/env/:uuid', async (context) => context.json(await operator.getEnv(ownUnit(context))));
  api.get('/units/get_current_schema/:uuid', (context) => context.json(operator.getSchema(ownUnit(context))));
  api.get('/units/get_target_version/:uuid', (context) => context.json(operator.getTargetVersion(ownUnit(context))));
  api.get('/units/firmware/tgz/:uuid', async (context) => {
    const files = await firmware(context);
    const wbits = queryInteger(context, 'wbits', 9);
    const level = queryInteger(context, 'level', 9);
    return archive(context, 'firmware.tgz', 'application/octet-stream', await packTgz(files, { wbits, level }));
  });
  api.get('/units/firmware/tar/:uuid', async (context) =>
    archive(context, 'firmware.tar', 'application/x-tar', await packTar(await firmware(context))),
  );
  api.get('/units/firmware/zip/:uuid', async (context) =>
    archive(context, 'firmware.zip', 'application/zip', packZip(await firmware(context))),
  );
  api.post('/units/set_state_storage/:uuid', async (context) => {
    const uuid = ownUnit(context);
    await setStateStorage(core, uuid, textField(await bodyOf(context), 'state'));
    return context.body(null, 204);
  });
  api.get('/units/get_state_storage/:uuid', async (context) => {
    const unit = core.store.unit(ownUnit(context));
    return context.json(await core.store.stateStorage(unit.uuid));
  });
};
