import { createActor, toPromise } from 'xstate';
import { expect, test } from 'vitest';
import { memoryFirmwareStore } from '../../adapters/memory/firmware-store.ts';
import { parseEnv } from '../../services/env.ts';
import { defaultArchiveLimits } from '../../services/firmware.ts';
import { verifyFirmware } from '../../services/update.ts';
import type { JsonObject } from '../../services/json.ts';
import { envDocument, schemaDocument, tokenOf } from '../support/documents.ts';

const staged = { id: 's', files: 2, bytes: 2 };

const verify = async (env: JsonObject, schema: JsonObject) => {
  const documents: Record<string, JsonObject> = { 'env.json': env, 'schema.json': schema };
  const store = {
    ...memoryFirmwareStore({ limits: defaultArchiveLimits }),
    readJson: async (_: string, name: string) => documents[name],
  };
  const trust = { check: async () => undefined };
  const logic = verifyFirmware({ firmware: store, trust, env: async () => parseEnv(envDocument()) });
  await toPromise(createActor(logic, { input: { staged, target: { commitVersion: 'aaaa' } } }).start());
  return 'verified';
};

test('a version whose env and schema are the unit’s own is let in', async () => {
  expect(await verify(envDocument(), schemaDocument())).toBe('verified');
});

const other = tokenOf('{"uuid":"11111111-2222-4333-8444-555555555555"}');

test.each<[string, JsonObject, JsonObject]>([
  ['PU_AUTH_TOKEN', envDocument({ PU_AUTH_TOKEN: '' }), schemaDocument()],
  ['PU_AUTH_TOKEN', envDocument({ PU_AUTH_TOKEN: other }), schemaDocument()],
  ['PU_DOMAIN', envDocument({ PU_DOMAIN: '' }), schemaDocument()],
  ['PU_MQTT_HOST', envDocument({ PU_MQTT_HOST: '' }), schemaDocument()],
  ['output_base_topic', envDocument(), schemaDocument({ output_base_topic: { 'state/pepeunit': [] } })],
  ['bbbb', envDocument({ PU_COMMIT_VERSION: 'bbbb' }), schemaDocument()],
])('one with a %s that would cut the unit off, or mislead it, is refused (U3, U8)', async (name, env, schema) => {
  await expect(verify(env, schema)).rejects.toMatchObject({ message: expect.stringContaining(name) });
});
