import { ClientError } from '../../services/errors.ts';
import type { JsonObject } from '../../services/json.ts';
import type { Unit } from '../../services/rest.ts';
import type { Command, Instance, VersionRow } from '../instance/index.ts';

/** Requests of an operator to an instance's REST API. Every method throws {@link ClientError} `failed`. */
export interface OperatorApi {
  createUnit(name: string, folder: string, env: JsonObject): Promise<Unit>;
  addVersion(unit: string, folder: string): Promise<VersionRow>;
  getEnv(unit: string): Promise<JsonObject>;
  getSchema(unit: string): Promise<JsonObject>;
  setEnv(unit: string, variables: JsonObject): Promise<void>;
  sendCommand(unit: string, command: Command): Promise<void>;
  setStateInput(node: string, state: string): Promise<void>;
  createEdge(output: string, input: string): Promise<void>;
}

type Method = 'GET' | 'POST' | 'PATCH';

/** Creates the REST client of an instance's operator. */
export const operatorApi = ({ apiUrl, operator }: Instance): OperatorApi => {
  const send = async (method: Method, path: string, body?: JsonObject): Promise<string> => {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { 'x-auth-token': operator.token, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.ok) return text;
    throw new ClientError('failed', `${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`);
  };
  const ask = async <T>(method: Method, path: string, body?: JsonObject): Promise<T> =>
    JSON.parse(await send(method, path, body)) as T;
  return {
    createUnit: (name, folder, env) => ask<Unit>('POST', '/units', { name, folder, env }),
    addVersion: (unit, folder) => ask<VersionRow>('POST', `/units/${unit}/versions`, { folder }),
    getEnv: (unit) => ask<JsonObject>('GET', `/units/env/${unit}`),
    getSchema: (unit) => ask<JsonObject>('GET', `/units/get_current_schema/${unit}`),
    setEnv: async (unit, variables) => void (await send('PATCH', `/units/env/${unit}`, variables)),
    sendCommand: async (unit, command) =>
      void (await send('POST', `/units/send_command_to_input_base_topic/${unit}?command=${command}`)),
    setStateInput: async (node, state) => void (await send('PATCH', `/unit_nodes/set_state_input/${node}`, { state })),
    createEdge: async (output, input) =>
      void (await send('POST', '/unit_nodes/create_unit_node_edge', {
        node_output_uuid: output,
        node_input_uuid: input,
      })),
  };
};
