import { baseKeys } from '../../../services/base-topics.ts';
import { envDefaults } from '../../../services/env.ts';
import type { JsonObject } from '../../../services/json.ts';
import { unitTypes, unitTypesName } from '../unit/declaration.ts';
import { oldestNode, type Project } from './project.ts';

const json = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

/** The platform fills in those of its variables that are listed, and no others. */
const envExample: JsonObject = {
  PU_DOMAIN: '',
  PU_HTTP_TYPE: 'https',
  PU_APP_PREFIX: '/pepeunit',
  PU_API_ACTUAL_PREFIX: '/api/v1',
  PU_MQTT_HOST: '',
  PU_MQTT_PORT: envDefaults.PU_MQTT_PORT,
  PU_MQTT_PING_INTERVAL: envDefaults.PU_MQTT_PING_INTERVAL,
  PU_AUTH_TOKEN: '',
  PU_SECRET_KEY: '',
  PU_ENCRYPT_KEY: '',
  PU_STATE_SEND_INTERVAL: envDefaults.PU_STATE_SEND_INTERVAL,
  PU_MIN_LOG_LEVEL: envDefaults.PU_MIN_LOG_LEVEL,
  PU_MAX_LOG_LENGTH: envDefaults.PU_MAX_LOG_LENGTH,
  GREETING: 'Hello',
  PUBLISH_EVERY_MS: 5000,
};

const schemaExample = {
  ...baseKeys,
  input_topic: ['input/pepeunit'],
  output_topic: ['output/pepeunit', 'time/pepeunit'],
};

/** A text as TOML writes it: JSON's escapes are among TOML's. */
const toml = (text: string): string => JSON.stringify(text).replaceAll('\u007F', String.raw`\u007F`);

const authorsOf = ({ author: { name, email } }: Project): string => {
  if (name === undefined) return '';
  return `authors = [{ name = ${toml(name)}${email === undefined ? '' : `, email = ${toml(email)}`} }]\n`;
};

const description = (project: Project): string => {
  const { title, language, version, licence } = project;
  const node = `Node.js ${oldestNode(language).replace(/\.0$/, '')} or newer`;
  return `# What this unit is, for machines. \`npm run readme\` writes readme.md from it.

[general]
name = ${toml(title)}
description = "Greets whom it is sent, and publishes the time."
language = "${language === 'typescript' ? 'TypeScript' : 'JavaScript'}"
hardware = ["A computer with ${node}"]
stack = ["pepeunit-client"]
version = ${toml(version)}
license = ${toml(licence)}
${authorsOf(project)}
[env_description]
GREETING = "The word before the name"
PUBLISH_EVERY_MS = "Time between two messages to \`time/pepeunit\`, milliseconds"

[topic_assignment]
"input/pepeunit" = "Takes a name, such as \`Ada\`"
"output/pepeunit" = "Publishes the greeting, such as \`Hello, Ada!\`"
"time/pepeunit" = "Publishes the time every \`PUBLISH_EVERY_MS\`, such as \`2026-01-31T12:00:00.000Z\`"

[work_algorithm]
steps = [
  "Connects to the broker, and subscribes to its topics",
  "Greets each name that comes to \`input/pepeunit\`, on \`output/pepeunit\`",
  "Publishes the time to \`time/pepeunit\` every \`PUBLISH_EVERY_MS\` milliseconds",
]

[installation]
steps = [
  "Create a \`Unit\` in \`Pepeunit\`, and set its variables",
  "Download its program archive, and unpack it into a folder of its own",
  "Run \`npm install --omit=dev --omit=optional\` in this folder",
  "Run \`npm start\`",
]
`;
};

const gitIgnored = ['env.json', 'schema.json', 'log.json', '*.log', '.pepeunit', 'node_modules'];

const pepeIgnored = (extension: string): string[] => [
  '.git',
  '.gitignore',
  '.pepeignore',
  'LICENSE',
  'env_example.json',
  'schema_example.json',
  'pepeunit.toml',
  'readme.md',
  'node_modules',
  'tsconfig.json',
  unitTypesName,
  `*.test.${extension}`,
];

const mit = ({ year, author, title }: Project): string => `MIT License

Copyright (c) ${year} ${author.name ?? `The authors of ${title}`}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;

const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2023'],
  module: 'NodeNext',
  strict: true,
  noEmit: true,
  resolveJsonModule: true,
  skipLibCheck: true,
  types: ['node'],
};

const compilerOptionsOf = {
  checkedJavascript: { ...compilerOptions, allowJs: true, checkJs: true },
  typescript: {
    ...compilerOptions,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
  },
};

/** Writes what the platform asks of a unit's repository, and the compiler's options. @returns Texts by file name. */
export const documentFiles = (project: Project): Readonly<Record<string, string>> => ({
  'env_example.json': json(envExample),
  'schema_example.json': json(schemaExample),
  [unitTypesName]: unitTypes(envExample, schemaExample),
  'pepeunit.toml': description(project),
  ...(project.licence === 'MIT' ? { LICENSE: mit(project) } : {}),
  ...(project.language === 'javascript'
    ? {}
    : { 'tsconfig.json': json({ compilerOptions: compilerOptionsOf[project.language] }) }),
});

/** Lines that the ignore files of a unit need, by file name. */
export const ignoredLines = ({ extension }: Project): Readonly<Record<string, readonly string[]>> => ({
  '.gitignore': gitIgnored,
  '.pepeignore': pepeIgnored(extension),
});
