import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { PepeunitClient } from '../../app/node.ts';
import { createTestUnit } from '../../app/testing.ts';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { codesIn, pageAt, rowsIn } from './pages.ts';
import { root } from './public-members.ts';

const messages = rowsIn(pageAt('docs/troubleshooting.md').text).map(([message = '']) => codesIn(message)[0] ?? '');

/** Every text in the sources of a folder, `…` for what is filled in. */
const textsIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => {
      const source = ts.createSourceFile(path, readFileSync(join(root, folder, path), 'utf8'), ts.ScriptTarget.Latest);
      const texts: string[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isStringLiteralLike(node)) texts.push(node.text);
        if (ts.isTemplateExpression(node))
          texts.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…'));
        ts.forEachChild(node, visit);
      };
      visit(source);
      return texts;
    });

const sources = ['adapters', 'app', 'machines', 'services'].flatMap(textsIn).join('\n');

/** What a message says whatever is filled in, without the marks between a text and what follows it. */
const piecesOf = (message: string): string[] =>
  message
    .split('…')
    .map((piece) => piece.replace(/^[\s:.;,()]+|[\s:.;,(]+$/g, ''))
    .filter((piece) => piece !== '');

test('every message of the guide is in the sources', () => {
  expect(messages.length).toBeGreaterThan(50);
  for (const message of messages) {
    const pieces = piecesOf(message);
    expect(pieces.join('').length, message).toBeGreaterThan(6);
    for (const piece of pieces) expect(sources, message).toContain(piece);
  }
});

/** The message of the guide that a text is an instance of. */
const entryFor = (text: string): string | undefined =>
  messages.find((message) => {
    const [first = '', ...rest] = message.split('…').map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp([first, ...rest].join('[^]*')).test(text);
  });

const client = (folder: string, options: object = {}) =>
  new PepeunitClient({
    envFilePath: join(folder, 'env.json'),
    schemaFilePath: join(folder, 'schema.json'),
    logFilePath: join(folder, 'log.json'),
    ffConsoleLogEnable: false,
    ...options,
  });

describe('what a user sees is in the guide:', () => {
  test.each([
    ['a folder without env.json', {}, /env\.json does not exist/],
    ['an option that there is not', { mqqt: {} }, /Options of the client are wrong/],
  ])('%s', async (_, options, expected) => {
    const error: unknown = await client(await temporaryFolder(), options)
      .ready()
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(expected);
    expect(entryFor((error as Error).message)).toBeDefined();
  });

  test('pepeunit run without env.json', async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await runCli(['run', join(folder, 'main.js')]);
    expect(code).toBe(78);
    expect(entryFor(stderr)).toBeDefined();
  });

  test('what a unit in trouble logs', async () => {
    const unit = createTestUnit({
      program: (program) => {
        program.setMqttInputHandler(() => undefined);
      },
    });
    await unit.start();
    await unit.client.publishToTopics('nowhere/pepeunit', 'lost');
    await unit.command('update', { PU_COMMIT_VERSION: '' });
    unit.partition();
    await unit.advance(10 * 60_000);
    const troubles = unit.world.console.entries.filter(({ level }) => level !== 'Debug' && level !== 'Info');
    expect(troubles.length).toBeGreaterThan(2);
    expect(troubles.map(({ text }) => text).filter((text) => entryFor(text) === undefined)).toEqual([]);
    await unit.stop();
  });
});
