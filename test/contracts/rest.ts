import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Rest, RestTarget, Unit, UnitNode } from '../../services/rest.ts';
import { RestError } from '../../services/errors.ts';

/** What an instance holds at the start of each test. */
export interface InstanceContent {
  readonly env: unknown;
  readonly schema: unknown;
  readonly firmware: Uint8Array;
  /** The file at {@link RestBench.file}. */
  readonly file: Uint8Array;
  readonly outputUuid: string;
  readonly inputs: readonly UnitNode[];
  readonly units: readonly Unit[];
}

/** An instance that answers, and the adapter that asks it. */
export interface RestBench {
  readonly rest: Rest;
  readonly target: RestTarget;
  /** The address of a file on another host. */
  readonly file: URL;
  /** How many requests reached the instance. */
  requests(): number;
  stop(): Promise<void>;
}

const node = (uuid: string): UnitNode => ({
  uuid,
  type: 'Input',
  visibility_level: 'Public',
  is_rewritable_input: true,
  max_connections: 10,
  topic_name: 'input/pepeunit',
  state: null,
  unit_uuid: '0d5e3b1c-0000-4000-8000-000000000001',
  creator_uuid: '0d5e3b1c-0000-4000-8000-000000000002',
  create_datetime: '2026-01-31T12:00:00',
  last_update_datetime: '2026-01-31T12:00:00',
  is_data_pipe_active: false,
});

const inputs = ['a', 'b', 'c'].map((last) => node(`0d5e3b1c-0000-4000-8000-00000000000${last}`));

const unit: Unit = {
  uuid: '0d5e3b1c-0000-4000-8000-000000000001',
  name: 'fan',
  visibility_level: 'Public',
  create_datetime: '2026-01-31T12:00:00',
  last_update_datetime: '2026-01-31T12:00:00',
  is_auto_update_from_repo_unit: false,
  repo_branch: null,
  repo_commit: null,
  current_commit_version: 'abc',
  unit_state: null,
  firmware_update_status: null,
  firmware_update_error: null,
  creator_uuid: '0d5e3b1c-0000-4000-8000-000000000002',
  repo_uuid: '0d5e3b1c-0000-4000-8000-000000000003',
  unit_nodes: inputs,
};

const content: InstanceContent = {
  env: { PU_DOMAIN: 'unit.test', own: [1, { deep: 'тепло' }] },
  schema: { input_topic: {} },
  firmware: Uint8Array.from({ length: 100_000 }, (_, at) => at % 251),
  file: new TextEncoder().encode('слово'.repeat(1000)),
  outputUuid: '0d5e3b1c-0000-4000-8000-0000000000ff',
  inputs,
  units: [unit],
};

/** What every adapter of the REST port does. */
export const restContract = (start: (content: InstanceContent) => Promise<RestBench>): void => {
  let bench: RestBench;
  beforeEach(async () => {
    bench = await start(content);
  });
  afterEach(() => bench.stop());

  test('gets env and schema as they are', async () => {
    expect(await bench.rest.getEnv(bench.target)).toEqual(content.env);
    expect(await bench.rest.getSchema(bench.target)).toEqual(content.schema);
  });

  test('gets the firmware byte by byte', async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await bench.rest.getFirmware(bench.target)) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(content.firmware)).toBe(true);
  });

  test('gets a file up to a size', async () => {
    const bytes = async (maxBytes: number) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of await bench.rest.getFile(bench.target, bench.file, maxBytes)) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    expect((await bytes(content.file.length)).equals(content.file)).toBe(true);
    await expect(bytes(content.file.length - 1)).rejects.toMatchObject({ name: 'RestError', code: 'tooLarge' });
    const missing = new URL('/missing', bench.file);
    await expect(bench.rest.getFile(bench.target, missing, 10)).rejects.toMatchObject({ code: 'status', status: 404 });
  });

  test('gets the target version', async () => {
    expect(await bench.rest.getTargetVersion(bench.target)).toEqual({ commit: 'abc', tag: null });
  });

  test('asks for the update command, which brings no answer', async () => {
    expect(await bench.rest.requestUpdate(bench.target)).toBeUndefined();
    expect(bench.requests()).toBe(1);
  });

  test('state storage: set then get is the identity for every string', async () => {
    expect(await bench.rest.getStateStorage(bench.target)).toBe('');
    const strings = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.json());
    await fc.assert(
      fc.asyncProperty(strings, async (text) => {
        await bench.rest.setStateStorage(bench.target, text);
        expect(await bench.rest.getStateStorage(bench.target)).toBe(text);
      }),
      { numRuns: 50 },
    );
    for (const text of ['"quoted"', '\uD800', '\uFEFFmark', 'x'.repeat(1_000_000), '\u0001'.repeat(1_000_000), '']) {
      await bench.rest.setStateStorage(bench.target, text);
      expect((await bench.rest.getStateStorage(bench.target)) === text).toBe(true);
    }
  });

  test('pages of nodes and units', async () => {
    const { rest, target } = bench;
    expect(await rest.getInputByOutput(target, content.outputUuid)).toEqual({ count: 3, unit_nodes: inputs });
    expect(await rest.getInputByOutput(target, content.outputUuid, { limit: 1, offset: 1 })).toEqual({
      count: 3,
      unit_nodes: [inputs[1]],
    });
    expect(await rest.getUnitsByNodes(target, [inputs[0]?.uuid ?? ''])).toEqual({ count: 1, units: [unit] });
  });

  test('no nodes, no request', async () => {
    expect(await bench.rest.getUnitsByNodes(bench.target, [])).toEqual({ count: 0, units: [] });
    expect(bench.requests()).toBe(0);
  });

  test('a call that was given up says so', async () => {
    const thrown: unknown = await bench.rest.getEnv(bench.target, AbortSignal.abort()).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(RestError);
    expect((thrown as RestError).code).toBe('aborted');
  });
};
