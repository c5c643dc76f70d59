import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { FirmwareError } from '../../../services/errors.ts';
import type { FirmwareStore, ReleaseTrust } from '../../../services/firmware.ts';
import { isJsonObject } from '../../../services/json.ts';
import { checkContent, checkNewest, isCovered, parseRelease, releaseName } from '../../shared/archive/release.ts';
import type { Release, ReleaseKind, TreeContent } from '../../shared/archive/release.ts';
import { replaceFile } from '../fs/durable-file.ts';
import { digestOf, inside, walkTree } from '../fs/file-tree.ts';
import { firmwareLayout } from '../firmware/layout.ts';
import { isSignedBy, publicKey, readReleaseFile } from './keys.ts';

/** Options of a unit's release trust. */
export interface FolderTrustOptions {
  /** The unit's folder, with its env.json. */
  readonly folder: string;
  /**
   * Ed25519 public keys, each in PEM or its 32 bytes in base64; a release needs a signature by one of them. Without
   * keys everything is trusted.
   */
  readonly keys: readonly string[];
}

/** Release trust of a unit. */
export interface FolderTrust extends ReleaseTrust {
  /** Whether signatures are required. */
  readonly isStrict: boolean;
  /** Checks the release of a program. @returns The program's SHA-256. @throws {FirmwareError} `unsigned`, `outdated` */
  checkProgram(release: unknown): Promise<string>;
  /** Records the running version's release, durably, as the newest trusted one. */
  remember(): Promise<void>;
}

/** What a release has to cover of a folder. */
const contentOf = async (folder: string): Promise<TreeContent> => {
  const files = new Map<string, string>();
  const links = new Map<string, string>();
  for await (const { path, stats } of walkTree(folder)) {
    if (stats.isDirectory() || !isCovered(path)) continue;
    const at = inside(folder, path);
    if (stats.isSymbolicLink()) links.set(path, await readlink(at));
    else files.set(path, await digestOf(at));
  }
  return { files, links };
};

/** Checks staged versions against their signed releases. */
export const folderTrust = ({ folder, keys }: FolderTrustOptions): FolderTrust => {
  const layout = firmwareLayout(folder);
  const newestFile = join(layout.own, 'newest-release.json');
  const signed = (value: unknown, kind: ReleaseKind): Release => {
    const release = parseRelease(value, kind);
    if (isSignedBy(release, keys.map(publicKey))) return release;
    throw new FirmwareError(
      'tampered',
      "The firmware's signature is by none of the trusted keys, or it was changed after it was signed. Send another version.",
    );
  };
  /** Number of the running release, if it is a signed one. */
  const running = async (): Promise<number> => {
    const value = await readReleaseFile(join(folder, releaseName));
    for (const kind of ['tree', 'program'] as const) {
      try {
        return signed(value, kind).release;
      } catch (cause) {
        if (!(cause instanceof FirmwareError)) throw cause;
      }
    }
    return 0;
  };
  const remembered = async (): Promise<number> => {
    const kept = await readReleaseFile(newestFile);
    return isJsonObject(kept) && typeof kept.release === 'number' ? kept.release : 0;
  };
  const newest = async (): Promise<number> => Math.max(await remembered(), await running());
  return {
    isStrict: keys.length > 0,
    check: async (id) => {
      if (keys.length === 0) return;
      const staging = layout.staging(id);
      const release = signed(await readReleaseFile(join(staging, releaseName)), 'tree');
      checkNewest(release, await newest());
      checkContent(release, await contentOf(staging));
    },
    checkProgram: async (value) => {
      const release = signed(value, 'program');
      checkNewest(release, await newest());
      const [digest, ...others] = Object.values(release.files);
      if (digest !== undefined && others.length === 0) return digest;
      throw new FirmwareError('unsigned', "The program's release does not name one file. Pack and sign it again.");
    },
    remember: async () => {
      if (keys.length === 0) return;
      const release = await running();
      if (release <= (await remembered())) return;
      await replaceFile(newestFile, `${JSON.stringify({ format: 1, release })}\n`);
    },
  };
};

/** Wraps a store so that each confirmed version's release is recorded. */
export const remembering = (store: FirmwareStore, trust: Pick<FolderTrust, 'remember'>): FirmwareStore => ({
  ...store,
  confirm: async () => {
    await store.confirm();
    // The version is confirmed even if this fails; while it runs, its own release counts.
    await trust.remember().catch(() => undefined);
  },
});
