import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { folderFirmwareStore } from '../../../adapters/node/firmware/store.ts';
import type { NameRules } from '../../../adapters/shared/archive/entry-names.ts';
import { failureOf } from '../../../services/errors.ts';
import { defaultArchiveLimits } from '../../../services/firmware.ts';
import { inChunks } from '../../support/tar.ts';
import type { Specimen } from './specimen.ts';
import { createFolder } from '../../support/folder.ts';

/** What became of an archive. */
export interface Verdict {
  readonly name: string;
  /** Why it was refused: the error's code and message; nothing when it was taken. */
  readonly refusal?: { readonly code: string; readonly message: string };
  /** Whether anything but the refusal is left of it, anywhere around the staging. */
  readonly escaped: boolean;
}

/** The limits of every unit, but for the entries: that many files would take their time. */
const limits = { ...defaultArchiveLimits, entries: 2000 };

/** The rules of the host that an archive is meant for. */
const rulesFor = ({ where }: Specimen): NameRules => ({
  isWindows: where === 'on Windows',
  foldsNames: where === 'where names are folded',
});

/** A unit's folder in a folder of its own, with neighbours that nothing may touch. */
export interface Court {
  /** Judges an archive on the host that it is meant for, or under other rules. */
  judge(specimen: Specimen, rules?: NameRules): Promise<Verdict>;
  close(): Promise<void>;
}

/** One hash of every path, type and content below a folder; the client's empty private folder does not count. */
const hashOf = async (root: string): Promise<string> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const lines = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const content = entry.isFile()
        ? createHash('sha256')
            .update(await readFile(path))
            .digest('hex')
        : 'no file';
      return `${relative(root, path)} ${content}`;
    }),
  );
  const seen = lines.filter((line) => line !== 'outer/unit/.pepeunit no file').toSorted();
  return createHash('sha256').update(seen.join('\n')).digest('hex');
};

const neighbours = {
  escape: 'mine',
  'outer/escape': 'mine',
  'outer/unit/env.json': '{}',
  'outer/unit/lib/main.js': 'old',
};

export const openCourt = async (): Promise<Court> => {
  const { path: root, remove } = await createFolder();
  const folder = join(root, 'outer', 'unit');
  await mkdir(join(folder, 'lib'), { recursive: true });
  for (const [name, text] of Object.entries(neighbours)) await writeFile(join(root, name), text);
  const before = await hashOf(root);
  const { signal } = new AbortController();
  return {
    judge: async (specimen, rules = rulesFor(specimen)) => {
      const { name, make } = specimen;
      const store = folderFirmwareStore({ folder, limits, rulesOf: async () => rules });
      const made = make();
      const source = made instanceof Uint8Array ? inChunks(made, 16_384) : made;
      const refusal = await store.stage(source, signal).then(
        ({ id }) => store.discard(id),
        (thrown: unknown) => failureOf(thrown),
      );
      return { name, ...(refusal && { refusal }), escaped: (await hashOf(root)) !== before };
    },
    close: remove,
  };
};
