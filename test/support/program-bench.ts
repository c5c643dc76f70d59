import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { folderPrograms, type FolderProgramsOptions } from '../../adapters/node/program/programs.ts';
import { folderFirmwareStore } from '../../adapters/node/firmware/store.ts';
import { FolderTrust } from '../../adapters/node/signing/trust.ts';
import { defaultArchiveLimits as limits } from '../../services/firmware.ts';
import { noise } from '../lab/hostile/corpus-streams.ts';
import type { HttpServer } from './http-server.ts';
import { startProgramServer, type ProgramServer, type ProgramServing } from './program-server.ts';
import { inChunks, tarOf } from './tar.ts';

/** A program of a little more than 3 MiB. */
export const program = noise(3 * 1024 * 1024 + 17);
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const { signal } = new AbortController();

/** Ends a server with the test. */
export const ending = <TServer extends HttpServer>(server: TServer): TServer => {
  onTestFinished(() => server.stop());
  return server;
};
/** Serves a program until the test ends. */
export const serve = async (body: Uint8Array, changes: Partial<ProgramServing> = {}): Promise<ProgramServer> =>
  ending(await startProgramServer(body, changes));

let root: string | undefined;
const rootOfTest = (): string => {
  if (root !== undefined) return root;
  const made = mkdtempSync(path.join(tmpdir(), 'pepeunit-program-'));
  root = made;
  onTestFinished(() => {
    root = undefined;
    rmSync(made, { recursive: true, force: true });
  });
  return made;
};

/** The unit's folder of this test. */
export const unitFolder = (): string => path.join(rootOfTest(), 'unit');

/** Stages a version's documents, to fetch its program beside them. */
export const stageDocuments = async (changes: Partial<FolderProgramsOptions> = {}) => {
  const unit = unitFolder();
  mkdirSync(unit, { recursive: true });
  const store = folderFirmwareStore({ folder: unit, limits });
  const entries = ['env.json', 'schema.json', 'README.md'].map((name) => ({ name, text: '{}' }));
  const { id } = await store.stage(inChunks(await tarOf(...entries)), signal);
  const programs = folderPrograms({
    folder: unit,
    program: 'bin/app',
    policy: { allowHttp: true },
    trust: new FolderTrust({ folder: unit, keys: [] }),
    maxBytes: 64 * 1024 * 1024,
    timeoutMs: 5000,
    ...changes,
  });
  const staging = path.join(unit, '.pepeunit', `staging-${id}`);
  return {
    unit,
    store,
    id,
    staging,
    programs,
    fetch: (link: string, give = signal) => programs.fetch(id, link, give),
    staged: () => readFileSync(path.join(staging, 'bin/app')),
    downloads: () => readdirSync(path.join(unit, '.pepeunit/downloads')),
  };
};
