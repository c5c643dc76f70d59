import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { newKeyPair, privateKey, writeRelease } from '../../adapters/node/signing/keys.ts';
import { codeOf } from '../../adapters/node/fs/errors.ts';
import { digestOf } from '../../adapters/node/fs/file-tree.ts';
import { unitFiles, type UnitFile } from '../../adapters/node/archive/program-files.ts';
import { isCovered, releaseName, type Release } from '../../adapters/shared/archive/release.ts';
import { FirmwareError, StorageError } from '../../services/errors.ts';
import { defaultArchiveLimits } from '../../services/firmware.ts';
import { packTgz, type ArchiveFile } from '../instance/model/archive.ts';
import { command, exitCode, UsageError, wholeNumber } from './command.ts';
import { notesOf } from './note.ts';
import { noteOldReadme } from './unit/readme-file.ts';
import { counted } from '../terminal/counted.ts';
import { print, printText } from '../terminal/output.ts';
import { bytesText, createProgress, silentProgress, type Progress } from '../terminal/progress.ts';

interface PackOptions {
  readonly out?: string;
  readonly sign?: string;
  readonly release?: string;
  readonly json?: boolean;
}

const printResult = (json: boolean | undefined, data: object, lines: readonly string[]): number => {
  if (json === true) print(JSON.stringify(data));
  else lines.forEach((line) => printText(line));
  return exitCode.ok;
};

const makeKeys = async (path: string, json: boolean | undefined): Promise<number> => {
  const { privatePem, publicText } = newKeyPair();
  await writeFile(path, privatePem, { flag: 'wx', mode: 0o600 }).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'EEXIST') throw thrown;
    throw new StorageError('io', `${path} is there already. Name another file: no key is replaced.`, { cause: thrown });
  });
  return printResult(json, { privateKey: resolve(path), publicKey: publicText }, [
    `wrote the private key to ${path}: keep it secret, and keep a copy`,
    `update.trustKey: ${publicText}`,
  ]);
};

const signingOf = async ({ sign, release }: PackOptions) => {
  if (sign === undefined) throw new UsageError('--release and --program go with --sign.');
  const number = wholeNumber('release', release);
  return {
    key: privateKey(await readFile(sign, 'utf8')),
    ...(number !== undefined && { release: number }),
  };
};

const signProgram = async (program: string, options: PackOptions): Promise<number> => {
  const path = `${program}.release.json`;
  const files = { [basename(program)]: await digestOf(program) };
  const { release } = await writeRelease(path, { content: { kind: 'program', files }, ...(await signingOf(options)) });
  return printResult(options.json, { program, release, releaseFile: path }, [
    `signed ${program} as release ${release}: put ${path} beside it, where COMPILED_FIRMWARE_LINK leads`,
  ]);
};

const signTree = async (folder: string, files: readonly UnitFile[], options: PackOptions): Promise<Release> => {
  const digests: Record<string, string> = {};
  const links: Record<string, string> = {};
  for (const { path, target } of files.filter(({ path: each }) => isCovered(each))) {
    if (target === undefined) digests[path] = await digestOf(join(folder, path));
    else links[path] = target;
  }
  const content = { kind: 'tree' as const, files: digests, links };
  return writeRelease(join(folder, releaseName), { content, ...(await signingOf(options)) });
};

const archiveOf = async (folder: string, files: readonly UnitFile[], progress: Progress): Promise<Uint8Array> => {
  using shown = progress;
  let bytes = 0;
  let count = 0;
  const read = files.map(async ({ path, isExecutable, target }): Promise<ArchiveFile> => {
    if (target !== undefined) return { path, bytes: Buffer.from(target), executable: false, link: true };
    const content = await readFile(join(folder, path));
    bytes += content.length;
    count += 1;
    shown.show('Reading', count / files.length, `${count} of ${files.length} files, ${bytesText(bytes)}`);
    return { path, bytes: content, executable: isExecutable };
  });
  const all = await Promise.all(read);
  shown.show(`Packing ${bytesText(bytes)}`);
  return packTgz(all, { wbits: 31, level: 9 });
};

const packFolder = async (folder: string, options: PackOptions): Promise<number> => {
  const out = options.out ?? `${basename(resolve(folder))}.tgz`;
  const isAt = (place: string) => {
    const wanted = resolve(place);
    return ({ path }: UnitFile): boolean => resolve(folder, path) === wanted;
  };
  const isOutput = isAt(out);
  const listed = async () => (await unitFiles(folder, defaultArchiveLimits)).filter((file) => !isOutput(file));
  const before = await listed();
  if (options.sign !== undefined && before.some(isAt(options.sign))) {
    throw new UsageError(
      'The archive would contain the private key. Move it out of FOLDER, or list it in .pepeignore.',
    );
  }
  const signed = options.sign === undefined ? undefined : await signTree(folder, before, options);
  const files = await listed();
  if (signed && !files.some(({ path }) => path === releaseName)) {
    throw new FirmwareError(
      'incomplete',
      `The archive would lack ${releaseName}. Remove it from .gitignore and .pepeignore.`,
    );
  }
  const archive = await archiveOf(folder, files, options.json === true ? silentProgress : createProgress());
  await writeFile(out, archive);
  const data = { archive: resolve(out), bytes: archive.length, files: files.map(({ path }) => path) };
  return printResult(options.json, { ...data, ...(signed && { release: signed.release }) }, [
    `packed ${counted(files.length, 'file')} into ${out} (${counted(archive.length, 'byte')})`,
    ...(signed ? [`signed as release ${signed.release}: commit ${releaseName} with the program`] : []),
  ]);
};

/** `pepeunit pack`: packs a unit's program, and signs it. */
export const packCommand = command(
  {
    name: 'pack',
    operands: '[FOLDER]',
    minOperands: 0,
    maxOperands: 1,
    about:
      'Packs the program in FOLDER (by default the current one) as the platform does: without env.json, schema.json,\n' +
      'log.json and the files that .gitignore and .pepeignore exclude. Equal files make equal archives.\n' +
      `--sign writes ${releaseName} into FOLDER: the release's number and the SHA-256 of every file, signed with\n` +
      'Ed25519. Commit it, so that units get it with the program: a unit with update.trustKey takes no other version.\n' +
      'env.json and schema.json are not signed, as the instance writes them for each unit.',
    options: {
      out: { type: 'string', value: 'FILE', help: 'Path of the archive. FOLDER.tgz by default.' },
      sign: { type: 'string', value: 'KEY', help: 'Sign with the private key in this file.' },
      release: { type: 'string', value: 'NUMBER', help: 'Number of the release. The last one plus 1 by default.' },
      program: { type: 'string', value: 'FILE', help: 'Sign a compiled program instead; writes FILE.release.json.' },
      keygen: { type: 'string', value: 'FILE', help: 'Create a key pair instead; writes the private key to FILE.' },
      json: { type: 'boolean', help: 'Print the result as JSON.' },
    },
    examples: ['my-unit --out my-unit.tgz', 'my-unit --sign release.key'],
  },
  async ({ operands: [folder = '.'], options }) => {
    if (options.keygen !== undefined) return makeKeys(options.keygen, options.json);
    if (options.program !== undefined) return signProgram(options.program, options);
    if (options.release !== undefined && options.sign === undefined)
      throw new UsageError('--release goes with --sign.');
    await noteOldReadme(folder, notesOf('pack', options));
    return packFolder(folder, options);
  },
);
