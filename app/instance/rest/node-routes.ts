import type { Hono } from 'hono';
import type { JsonObject, JsonValue } from '../../../services/json.ts';
import { maySeeNodeRow, notItsOwn, requireUser, type Agent } from '../model/access.ts';
import { listNodes } from '../model/rows.ts';
import { requireNode, type NodeChanges } from '../model/nodes.ts';
import { notBoolean, notInteger } from './field-faults.ts';
import {
  bodyOf,
  noContent,
  optionalField,
  optionalText,
  optionalVisibility,
  pathUuid,
  queryChoice,
  queryPage,
  queryUuid,
  requiredQueryUuid,
  uuidField,
  type RestEnv,
  type RestParts,
} from './requests.ts';

const isBoolean = (value: JsonValue): value is boolean => typeof value === 'boolean';
const isNumber = (value: JsonValue): value is number => typeof value === 'number';

const nodeChanges = (body: JsonObject): NodeChanges => {
  const visibility = optionalVisibility(body);
  const isRewritable = optionalField(body, 'is_rewritable_input', isBoolean, notBoolean);
  const maxConnections = optionalField(body, 'max_connections', isNumber, (loc, value) =>
    notInteger(loc, JSON.stringify(value)),
  );
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
    const { node } = requireNode(store, uuid);
    if (!maySeeNodeRow(store, agent, node)) throw notItsOwn(store, agent);
  };

  api.get('/unit_nodes', (context) => {
    const query = {
      ...queryPage(context),
      output: queryUuid(context, 'output_uuid'),
      unit: queryUuid(context, 'unit_uuid'),
      type: queryChoice(context, 'type', ['Input', 'Output'] as const),
    };
    return context.json(listNodes(store, context.get('agent'), query));
  });
  api.get('/unit_nodes/:uuid', (context) => {
    const uuid = pathUuid(context);
    requireSight(context.get('agent'), uuid);
    return context.json(operator.getNode(uuid));
  });
  api.patch('/unit_nodes/set_state_input/:uuid', async (context) => {
    const state = optionalText(await bodyOf(context), 'state') ?? null;
    const agent = context.get('agent');
    const { node } = requireNode(store, pathUuid(context));
    // The platform names no unit here. It also clears the node's flags, which helps nobody and is left out.
    if (agent.type !== 'User' && !node.isRewritableInput) throw notItsOwn(store, { type: 'Bot', uuid: '' });
    requireSight(agent, node.uuid);
    return context.json(await operator.setStateInput(node.uuid, state));
  });
  api.patch('/unit_nodes/:uuid', async (context) => {
    requireUser(context.get('agent'));
    return context.json(await operator.updateNode(pathUuid(context), nodeChanges(await bodyOf(context))));
  });
  api.post('/unit_nodes/create_unit_node_edge', async (context) => {
    requireUser(context.get('agent'));
    const body = await bodyOf(context);
    const output = uuidField(body, 'node_output_uuid');
    const input = uuidField(body, 'node_input_uuid');
    return context.json(await operator.createEdge(output, input), 201);
  });
  api.delete('/unit_nodes/delete_unit_node_edge', async (context) => {
    requireUser(context.get('agent'));
    const output = requiredQueryUuid(context, 'node_output_uuid');
    const input = requiredQueryUuid(context, 'node_input_uuid');
    await operator.deleteEdge(output, input);
    return noContent(context);
  });
};
