import type { Project } from './project.ts';

/** How the language of a program writes what the two differ in. */
interface Dialect {
  /** Imports a type of a module. */
  typeImport(name: string, module: string): string;
  /** A line with the type of what follows, in JavaScript; or nothing. */
  doc(text: string): string;
  /** A type in place, in TypeScript; or nothing. */
  typed(text: string): string;
  /** How a file of the program is imported. */
  file(name: string): string;
}

const dialectOf = ({ language, extension }: Project): Dialect => {
  const file = (name: string) => `./${name}.${extension}`;
  return language === 'typescript'
    ? {
        typeImport: (name, module) => `import type { ${name} } from '${module}';\n`,
        doc: () => '',
        typed: (text) => text,
        file,
      }
    : {
        typeImport: (name, module) => `/** @import { ${name} } from '${module}' */\n`,
        doc: (text) => `/** ${text} */\n`,
        typed: () => '',
        file,
      };
};

const main = ({ typeImport, doc, typed, file }: Dialect): string => `import { join } from 'node:path';
import { PepeunitClient } from 'pepeunit-client';
import { greeter } from '${file('greeter')}';
${typeImport('Unit', './unit.d.ts')}
${doc('@param {string} name')}const inFolder = (name${typed(': string')}) => join(import.meta.dirname, name);

${doc('@type {PepeunitClient<Unit>}')}const client = new PepeunitClient${typed('<Unit>')}({
  envFilePath: inFolder('env.json'),
  schemaFilePath: inFolder('schema.json'),
  logFilePath: inFolder('log.json'),
});
greeter(client);

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void client.stopMainCycle());
await client.runMainCycle();
`;

const greeter = ({ typeImport, doc, typed }: Dialect): string => {
  const client = typed(': UnitClient<Unit>');
  return `${typeImport('UnitClient', 'pepeunit-client')}${typeImport('Unit', './unit.d.ts')}
// Greets whom it is sent, and publishes the time every PUBLISH_EVERY_MS.
${doc('@param {UnitClient<Unit>} client')}export const greeter = (client${client}) => {
  client.setMqttInputHandler(async (unit, message) => {
    if (message.key !== 'input/pepeunit') return;
    const name = message.text();
    unit.logger.info(\`Greeting \${name}\`);
    await unit.publishToTopics('output/pepeunit', \`\${unit.settings.GREETING}, \${name}!\`);
  });

  let publishedAt = 0;
  client.setOutputHandler(async (unit) => {
    const now = unit.timeManager.getEpochMs();
    if (now - publishedAt < unit.settings.PUBLISH_EVERY_MS) return;
    publishedAt = now;
    await unit.publishToTopics('time/pepeunit', new Date(now).toISOString());
  });
};
`;
};

const greeterTest = ({ file }: Dialect): string => `import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestUnit } from 'pepeunit-client/testing';
import { greeter } from '${file('greeter')}';

const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'schema_example.json'), 'utf8'));
const env = { GREETING: 'Hello', PUBLISH_EVERY_MS: 5_000 };

// The unit in memory: its broker, its instance and its clock are the test's own.
const createUnit = () => createTestUnit({ program: greeter, env, schema });

test('it greets whom it is sent', async () => {
  const unit = createUnit();
  await unit.start();
  await unit.receive('input/pepeunit', 'Ada');
  assert.deepEqual(unit.published('output/pepeunit'), ['Hello, Ada!']);
  await unit.stop();
});

test('it publishes the time every PUBLISH_EVERY_MS', async () => {
  const unit = createUnit();
  await unit.start();
  await unit.advance(11_000);
  const [first = 0, second = 0, third = 0] = unit.published('time/pepeunit').map((time) => Date.parse(time));
  assert.ok(second - first >= 5_000 && third - second >= 5_000);
  await unit.stop();
});

test('what it says in an outage arrives after it', async () => {
  const unit = createUnit();
  await unit.start();
  unit.partition();
  await unit.client.publishToTopics('output/pepeunit', 'Hello, nobody!');
  assert.deepEqual(unit.published('output/pepeunit'), []);
  unit.heal();
  await unit.until(() => unit.published('output/pepeunit').includes('Hello, nobody!'));
  await unit.stop();
});
`;

/** Writes the program: what runs it, what it does, and its test. @returns Texts by file name. */
export const programFiles = (project: Project): Readonly<Record<string, string>> => {
  const { extension } = project;
  const dialect = dialectOf(project);
  return {
    [`main.${extension}`]: main(dialect),
    [`greeter.${extension}`]: greeter(dialect),
    [`greeter.test.${extension}`]: greeterTest(dialect),
  };
};
