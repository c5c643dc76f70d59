/** Language of the generated program. */
export type Language = 'javascript' | 'typescript';

const json = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

const manifest = (name: string, version: string, language: Language): string => {
  const scripts = { javascript: { start: 'node main.js' }, typescript: { start: 'tsc && node main.js' } };
  const typescript = { devDependencies: { '@types/node': '^20.19.0', typescript: '^5.9.0' } };
  return json({
    name,
    private: true,
    type: 'module',
    scripts: scripts[language],
    dependencies: { 'pepeunit-client': `^${version}` },
    ...(language === 'typescript' ? typescript : {}),
  });
};

const compilerOptions = {
  target: 'ES2022',
  module: 'NodeNext',
  strict: true,
  resolveJsonModule: true,
  rewriteRelativeImportExtensions: true,
  skipLibCheck: true,
  types: ['node'],
};

const program = (language: Language): string => {
  const isTyped = language === 'typescript';
  return `import { join } from 'node:path';
import { PepeunitClient } from 'pepeunit-client';
${isTyped ? "import type env from './env_example.json';\n" : ''}
const inFolder = (name${isTyped ? ': string' : ''}) => join(import.meta.dirname, name);

const client = new PepeunitClient${isTyped ? '<typeof env>' : ''}({
  envFilePath: inFolder('env.json'),
  schemaFilePath: inFolder('schema.json'),
  logFilePath: inFolder('log.json'),
});

client.setMqttInputHandler((unit, message) => {
  if (message.key !== 'input/pepeunit') return;
  unit.logger.info(\`The input is \${message.text()}\`);
});

let publishedAt = 0;
client.setOutputHandler(async (unit) => {
  const now = unit.timeManager.getEpochMs();
  if (now - publishedAt < unit.settings.PUBLISH_EVERY_MS) return;
  publishedAt = now;
  // At QoS 1: it waits for the broker's acknowledgement, and is sent again after an outage.
  await unit.publishToTopics('output/pepeunit', new Date(now).toISOString());
});

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void client.stopMainCycle());
await client.runMainCycle();
`;
};

const schemaExample = {
  input_base_topic: [
    'update/pepeunit',
    'env_update/pepeunit',
    'schema_update/pepeunit',
    'log_sync/pepeunit',
    'reset/pepeunit',
  ],
  output_base_topic: ['state/pepeunit', 'log/pepeunit'],
  input_topic: ['input/pepeunit'],
  output_topic: ['output/pepeunit'],
};

const readme = (name: string): string =>
  `# ${name}\n\nA Pepeunit unit: \`npm install\`, then \`npm start\` with the unit's env.json and schema.json in this folder.\n`;

/** Generates the files of a unit that publishes the time and logs each message. @returns Contents by file name. */
export const firstUnit = (name: string, version: string, language: Language): Readonly<Record<string, string>> => ({
  'package.json': manifest(name, version, language),
  ...(language === 'typescript'
    ? { 'tsconfig.json': json({ compilerOptions, files: ['main.ts'] }), 'main.ts': program(language) }
    : { 'main.js': program(language) }),
  'env_example.json': json({ PUBLISH_EVERY_MS: 5000 }),
  'schema_example.json': json(schemaExample),
  'README.md': readme(name),
  '.gitignore': ['env.json', 'schema.json', 'log.json', 'node_modules', ''].join('\n'),
});
