import { setTimeout as pause } from 'node:timers/promises';
import type { EdgeRow, LogRow, NodeRow, UnitRow, VersionRow } from '../../../app/instance/index.ts';
import type { JsonObject } from '../../../services/json.ts';

/** An instance, and who asks it. */
export interface Target {
  /** Of the instance, or of its API. */
  readonly url: string;
  /** The operator's. */
  readonly token: string;
}

/** An answer other than 2xx. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  constructor(what: string, status: number, text: string) {
    super(`${what} was answered with ${status}: ${text.slice(0, 300)}`);
    this.status = status;
  }
}

/** Base URL of the API: the path of a stock instance where the URL has none. */
const apiOf = (url: string): string => {
  const given = new URL(url);
  if (given.pathname === '/') given.pathname = '/pepeunit/api/v1';
  return given.href.replace(/\/$/, '');
};

/** The proxy of a stock instance takes five requests a second. */
const tooMany = 429;
const pauseMs = 1_000;
const attempts = 10;
const answerWithinMs = 60_000;

const edge = (output: string, input: string) => ({ node_output_uuid: output, node_input_uuid: input });

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** The requests of a life, all of them an operator's but for the storage. Each throws {@link Refused}. */
export const createOperatorClient = ({ url, token }: Target) => {
  const api = apiOf(url);
  const send = async (method: Method, path: string, body?: JsonObject): Promise<string> => {
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(`${api}${path}`, {
        method,
        headers: { 'x-auth-token': token, accept: 'application/json', 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(answerWithinMs),
      }).catch((cause: unknown) => {
        throw new Error(`${method} ${path} was not answered`, { cause });
      });
      const text = await response.text();
      if (response.ok) return text;
      if (response.status !== tooMany || attempt === attempts)
        throw new Refused(`${method} ${path}`, response.status, text.replaceAll(token, '…'));
      await pause(pauseMs);
    }
  };
  const ask = async <T>(...request: Parameters<typeof send>): Promise<T> => JSON.parse(await send(...request)) as T;
  return {
    createUnit: (body: JsonObject) => ask<UnitRow>('POST', '/units', body),
    addVersion: (unit: string, body: JsonObject) => ask<VersionRow>('POST', `/units/${unit}/versions`, body),
    deleteUnit: (unit: string) => send('DELETE', `/units/${unit}`),
    unit: (unit: string) => ask<UnitRow>('GET', `/units/${unit}`),
    nodes: async (unit: string) =>
      (await ask<{ unit_nodes: readonly NodeRow[] }>('GET', `/unit_nodes?unit_uuid=${unit}`)).unit_nodes,
    env: (unit: string) => ask<JsonObject>('GET', `/units/env/${unit}`),
    setEnv: (unit: string, variables: JsonObject) =>
      send('PATCH', `/units/env/${unit}`, { env_json_string: JSON.stringify(variables) }),
    schema: (unit: string) => ask<Record<string, Record<string, string[]>>>('GET', `/units/get_current_schema/${unit}`),
    command: (unit: string, command: string) =>
      send('POST', `/units/send_command_to_input_base_topic/${unit}?command=${command}`),
    log: async (unit: string) =>
      (await ask<{ unit_logs: readonly LogRow[] }>('GET', `/units/log_list/?uuid=${unit}&limit=100`)).unit_logs,
    setInput: (node: string, state: string) => send('PATCH', `/unit_nodes/set_state_input/${node}`, { state }),
    createEdge: (output: string, input: string) =>
      ask<EdgeRow>('POST', '/unit_nodes/create_unit_node_edge', edge(output, input)),
    deleteEdge: (output: string, input: string) =>
      send('DELETE', `/unit_nodes/delete_unit_node_edge?${new URLSearchParams(edge(output, input)).toString()}`),
    setStorage: (unit: string, state: string) => send('POST', `/units/set_state_storage/${unit}`, { state }),
    storage: (unit: string) => ask<string>('GET', `/units/get_state_storage/${unit}`),
  };
};
export type OperatorClient = ReturnType<typeof createOperatorClient>;
