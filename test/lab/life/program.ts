import { exampleSchema } from '../../support/documents.ts';
import type { Files } from '../../support/folder.ts';

/** What a version of the program is. */
export interface Version {
  /** A text that tells it from others. */
  readonly label: string;
  /** Options of the client, as source. */
  readonly options?: string;
}

/** It answers each input with its label and what came, and prints what becomes of it, as JSON. */
const source = ({ label, options = '' }: Version): string => `#!/usr/bin/env node
import { join } from 'node:path';
import { PepeunitClient } from 'pepeunit-client';
const at = (name) => join(import.meta.dirname, name);
const client = new PepeunitClient({
  envFilePath: at('env.json'), schemaFilePath: at('schema.json'), logFilePath: at('log.json'),
  ffConsoleLogEnable: false, ${options}
});
for (const type of ['online', 'settingsLoaded', 'schemaLoaded', 'logsSynced', 'updateConfirmed', 'updateRolledBack'])
  client.on(type, () => console.log(JSON.stringify({ label: '${label}', type })));
client.setMqttInputHandler(async (unit, message) => {
  const [key] = Object.keys(unit.schema.outputTopic);
  if (message.key && key) await unit.publishToTopics(key, '${label}: ' + message.text());
});
process.on('SIGTERM', () => void client.stopMainCycle().then(() => process.exit(0)));
await client.runMainCycle();
`;

/** The examples that each version has. */
export const documents: Files = {
  'env_example.json': JSON.stringify({ NOTE: '' }),
  'schema_example.json': JSON.stringify(exampleSchema),
};

/** The files of a version. */
export const versionFiles = (version: Version): Files => ({ ...documents, 'main.js': source(version) });

/** The files of a version that can't start. */
export const brokenFiles: Files = { ...documents, 'main.js': "import './forgotten.js';\n" };
