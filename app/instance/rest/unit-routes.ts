import type { Context, Hono } from 'hono';
import { requireOwner } from '../model/access.ts';
import { packTar, packTgz, packZip, type ArchiveFile } from '../model/archive.ts';
import { listUnits } from '../model/rows.ts';
import {
  bodyOf,
  noContent,
  pathUuid,
  queryBoolean,
  queryInteger,
  queryOrder,
  queryPage,
  queryUuids,
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

/** Adds the routes that units call. */
export const unitRoutes = (api: Hono<RestEnv>, { core, operator }: RestParts): void => {
  /** Reads the unit of the path. @throws {InstanceError} `noAccess` unless the agent may act for it. */
  const ownUnit = (context: Context<RestEnv>): string => {
    const uuid = pathUuid(context);
    requireOwner(core.store, context.get('agent'), uuid);
    return uuid;
  };
  const firmware = (context: Context<RestEnv>): Promise<readonly ArchiveFile[]> =>
    operator.getFirmware(ownUnit(context));

  api.get('/units', (context) => {
    const query = {
      ...queryPage(context),
      withNodes: queryBoolean(context, 'is_include_output_unit_nodes'),
      nodeUuids: queryUuids(context, 'unit_node_uuids'),
      search: context.req.query('search_string') ?? '',
      orderByName: queryOrder(context, 'order_by_unit_name'),
      orderByCreation: queryOrder(context, 'order_by_create_date'),
      orderByUpdate: queryOrder(context, 'order_by_last_update'),
    };
    return context.json(listUnits(core.store, context.get('agent'), query));
  });
  api.get('/units/env/:uuid', async (context) => context.json(await operator.getEnv(ownUnit(context))));
  api.get('/units/get_current_schema/:uuid', (context) => context.json(operator.getSchema(ownUnit(context))));
  api.get('/units/get_target_version/:uuid', (context) => context.json(operator.getTargetVersion(ownUnit(context))));
  api.get('/units/firmware/tgz/:uuid', async (context) => {
    const wbits = queryInteger(context, 'wbits', 9);
    const level = queryInteger(context, 'level', 9);
    const files = await firmware(context);
    return archive(context, 'firmware.tgz', 'application/x-tar', await packTgz(files, { wbits, level }));
  });
  api.get('/units/firmware/tar/:uuid', async (context) =>
    archive(context, 'firmware.tar', 'application/x-tar', await packTar(await firmware(context))),
  );
  api.get('/units/firmware/zip/:uuid', async (context) =>
    archive(context, 'firmware.zip', 'application/zip', packZip(await firmware(context))),
  );
  api.post('/units/set_state_storage/:uuid', async (context) => {
    const state = textField(await bodyOf(context), 'state');
    await setStateStorage(core, ownUnit(context), state);
    return noContent(context);
  });
  api.get('/units/get_state_storage/:uuid', async (context) => {
    const unit = core.store.unit(ownUnit(context));
    return context.json(await core.store.stateStorage(unit.uuid));
  });
};
