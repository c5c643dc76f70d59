import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isScript, type UnitProgram } from '../../adapters/node/process/child.ts';
import type { Inspector } from '../inspector/server/server.ts';
import { inspectorVariable } from '../inspector/variable.ts';
import { thisPackage } from '../terminal/package.ts';
import { portIn, UsageError } from './command.ts';
import { optionalFile } from './optional-packages.ts';

/** Whether the word after `--inspect` is its port, or meant as one: a file is an operand. */
const isPortOrWrong = (word: string): boolean => /^\d+$/.test(word) || !existsSync(word);

/** The port of `--inspect`: 0, for a free one, where it names none. @throws {UsageError} */
const inspectorPort = (text: string): number => portIn('inspect', text === '' ? undefined : text);

/** Options of the commands that show units in an inspector. */
export const inspectOptions = {
  inspect: {
    type: 'string',
    value: 'PORT',
    optionalValue: isPortOrWrong,
    check: inspectorPort,
    help: 'Show what happens live in a page of this machine, whose address is printed. On a free port by default.',
  },
  control: {
    type: 'boolean',
    help: "With --inspect: let the page send events, messages and the instance's commands.",
  },
} as const;

/** Options of the commands whose units are shown in an inspector in any case. */
export const ownInspectorOptions = {
  inspect: {
    ...inspectOptions.inspect,
    help: 'Port of the inspector, whose address is printed. A free one by default.',
  },
  control: { type: 'boolean', help: "Let the inspector send events, messages and the instance's commands." },
} as const;

interface InspectionOptions {
  readonly inspect?: string;
  readonly control?: boolean;
}

/** What an inspector of this package is started with. */
export const inspectorParts = {
  pageFolder: join(thisPackage.folder, 'dist/inspector'),
  version: thisPackage.version,
  layoutEngine: optionalFile('elkjs/lib/elk-worker.min.js'),
};

const start = async ({ inspect = '', control = false }: InspectionOptions): Promise<Inspector> => {
  const { startInspector } = await import('../inspector/server/server.ts');
  return startInspector({ ...inspectorParts, port: inspectorPort(inspect), isControlled: control });
};

/** Starts the inspector that the options ask for. @returns `undefined` where they ask for none. */
export const startInspection = async (options: InspectionOptions): Promise<Inspector | undefined> => {
  const { inspect, control = false } = options;
  if (inspect === undefined && control) throw new UsageError('--control goes with --inspect.');
  return inspect === undefined ? undefined : start(options);
};

/**
 * Starts the inspector of a command that has one from its start, so that a page opened later shows what was before.
 *
 * @returns `undefined` where the environment names another one, and the options ask for none.
 */
export const startOwnInspector = async (options: InspectionOptions): Promise<Inspector | undefined> => {
  const isAsked = options.inspect !== undefined || options.control === true;
  return process.env[inspectorVariable] === undefined || isAsked ? start(options) : undefined;
};

const hook = pathToFileURL(join(thisPackage.folder, 'dist/app/inspector/unit-hook.js')).href;

/** What makes the units of a program show themselves to an inspector. */
const inspected = (url: string) => ({
  nodeOptions: ['--import', hook],
  env: { [inspectorVariable]: url },
});

/** Why nothing of a program can be shown. */
export const notInspected = (main: string): string => `${main} is no script of Node, and can't be inspected.`;

/** A program, and whether an inspector shows it, or none was asked for. */
interface InspectedProgram extends UnitProgram {
  readonly isShown: boolean;
}

/** Lets a program be shown by an inspector: its own, or one that the environment names. One that is no script of Node can't be. */
export const inspectProgram = (program: UnitProgram, own: string | undefined): InspectedProgram => {
  const url = own ?? process.env[inspectorVariable];
  if (url === undefined) return { ...program, isShown: true };
  return isScript(program.main) ? { ...program, ...inspected(url), isShown: true } : { ...program, isShown: false };
};
