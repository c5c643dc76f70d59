import { expect } from 'vitest';
import { readArchive } from '../../../../adapters/shared/archive/archive.ts';
import { exactNames, type NameRules } from '../../../../adapters/shared/archive/entry-names.ts';
import { FirmwareError } from '../../../../services/errors.ts';
import { defaultArchiveLimits, type ArchiveLimits } from '../../../../services/firmware.ts';
import { inChunks, type TarEntry } from '../../../support/tar.ts';

interface Read {
  readonly path: string;
  readonly kind: string;
  readonly isExecutable: boolean;
  readonly text: string;
}

export const readAll = async (
  source: AsyncIterable<Uint8Array> | Uint8Array,
  limits: Partial<ArchiveLimits> = {},
  rules: NameRules = exactNames,
): Promise<Read[]> => {
  const entries: Read[] = [];
  const bytes = source instanceof Uint8Array ? inChunks(source) : source;
  const whole = { ...defaultArchiveLimits, ...limits };
  for await (const { path, kind, isExecutable, target, content } of readArchive(bytes, whole, rules)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    entries.push({ path, kind, isExecutable, text: Buffer.concat(chunks).toString() + target });
  }
  return entries;
};

export const failure = async (
  source: AsyncIterable<Uint8Array> | Uint8Array,
  limits: Partial<ArchiveLimits> = {},
  rules: NameRules = exactNames,
) => {
  const thrown: unknown = await readAll(source, limits, rules).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(FirmwareError);
  return (thrown as FirmwareError).code;
};

export const program: TarEntry[] = [
  { name: './', type: 'directory' },
  { name: './env.json', text: '{"PU_COMMIT_VERSION":"abc"}' },
  { name: 'src/', type: 'directory' },
  { name: 'src/main.ts', text: 'x'.repeat(5000) },
  { name: 'run.sh', text: '#!/bin/sh', mode: 0o755 },
  { name: 'empty.txt', text: '' },
];
