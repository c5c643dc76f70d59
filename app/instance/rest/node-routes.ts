import type { Hono } from 'hono';
import type { JsonObject } from '../../../services/json.ts';
import { maySeeNode, requireUser, type Agent } from '../model/access.ts';
import { noAccess } from '../errors.ts';
import { listNodes } from '../model/rows.ts';
import { requireNode, type NodeChanges } from '../model/nodes.ts';
import {
  bodyOf,
  isBoolean,
  isNumber,
  isVisibility,
  optionalField,
  pathUuid,
  queryPage,
  requireUuid,
  textField,
  type RestEnv,
  type RestParts,
} from './requests.ts';

const nodeChanges = (body: JsonObject): NodeChanges => {
  const visibility = optionalField(body, 'visibility_level', 'Public, Internal or Private', isVisibility);
  const isRewritable = optionalField(body, 'is_rewritable_input', 'true or false', isBoolean);
  const maxConnections = optionalField(body, 'max_connections', 'a number', isNumber);
  return {
    ...(visibility === undefined ? {} : { visibility_level: visibility }),
    ...(isRewritable === undefined ? {} : { is_rewritable_input: isRewritable }),
    ...(maxConnections === undefined ? {} : { max_connections: maxConnections }),
  };
};

/** Adds the routes for nodes and their links. */
export const nodeRoutes = (api: Hono<RestEnv>, { core, operator }: RestParts): void => {
  const { store } = core;
  const requireSight = (agent: Agent, uuid: string) => {
    if (agent.type === 'Unit' && !maySeeNode(store, agent.uuid, uuid)) {
      throw noAccess('The unit node is private. Link it to a node of this unit first.');
    }
  };

  api.get('/unit_nodes', (context) => {
    const output = context.req.query('output_uuid');
    const outputUuid = output === undefined ? undefined : requireUuid('output_uuid', output);
    return context.json(listNodes(store, context.get('agent'), outputUuid, queryPage(context)));
  });
  api.get('/unit_nodes/:uuid', (context) => {
    const row = operator.getNode(pathUuid(context));
    requireSight(context.get('agent'), row.uuid);
    return context.json(row);
  });
  api.patch('/unit_nodes/set_state_input/:uuid', async (context) => {
    const agent = context.get('agent');
    const { unit, node } = requireNode(store, pathUuid(context));
    if (agent.type === 'Unit' && !node.isRewritableInput) {
      throw noAccess(`No unit may set the input ${node.uuid} of ${unit.name}. Make it rewritable first.`);
    }
    requireSight(agent, node.uuid);
    return context.json(await operator.setStateInput(node.uuid, textField(await bodyOf(context), 'state')));
  });
  api.patch('/unit_nodes/:uuid', async (context) => {
    requireUser(context.get('agent'));
    return context.json(await operator.updateNode(pathUuid(context), nodeChanges(await bodyOf(context))));
  });
  api.post('/unit_nodes/create_unit_node_edge', async (context) => {
    requireUser(context.get('agent'));
    const body = await bodyOf(context);
    const output = requireUuid('node_output_uuid', body['node_output_uuid']);
    const input = requireUuid('node_input_uuid', body['node_input_uuid']);
    return context.json(await operator.createEdge(output, input), 201);
  });
  api.delete('/unit_nodes/delete_unit_node_edge', async (context) => {
    requireUser(context.get('agent'));
    const output = requireUuid('node_output_uuid', context.req.query('node_output_uuid'));
    const input = requireUuid('node_input_uuid', context.req.query('node_input_uuid'));
    await operator.deleteEdge(output, input);
    return context.body(null, 204);
  });
};
