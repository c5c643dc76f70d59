import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { FirmwareError } from '../../../services/errors.ts';
import type { ReleaseTrust } from '../../../services/firmware.ts';
import { isJsonObject } from '../../../services/json.ts';
import { checkContent, checkNewest, isCovered, parseRelease, releaseName } from '../../shared/archive/release.ts';
import type { Release, ReleaseKind, TreeContent } from '../../shared/archive/release.ts';
import { replaceFile } from '../fs/durable-file.ts';
import { digestOf, inside, walkTree } from '../fs/file-tree.ts';
import { FirmwareLayout } from '../firmware/layout.ts';
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
export class FolderTrust implements ReleaseTrust {
  readonly #folder: string;
  readonly #keys: readonly string[];

  constructor({ folder, keys }: FolderTrustOptions) {
    this.#folder = folder;
    this.#keys = keys;
  }

  /** Whether signatures are required. */
  get isStrict(): boolean {
    return this.#keys.length > 0;
  }

  async check(id: string): Promise<void> {
    if (!this.isStrict) return;
    const staging = new FirmwareLayout(this.#folder).staging(id);
    const release = this.#signed(await readReleaseFile(join(staging, releaseName)), 'tree');
    checkNewest(release, await this.#newest());
    checkContent(release, await contentOf(staging));
  }

  /** Checks the release of a program. @returns The program's SHA-256. @throws {FirmwareError} `unsigned`, `outdated` */
  async checkProgram(value: unknown): Promise<string> {
    const release = this.#signed(value, 'program');
    checkNewest(release, await this.#newest());
    const [digest, ...others] = Object.values(release.files);
    if (digest !== undefined && others.length === 0) return digest;
    throw new FirmwareError('unsigned', "The program's release does not name one file. Pack and sign it again.");
  }

  /** Records the running version's release, durably, as the newest trusted one. */
  async remember(): Promise<void> {
    if (!this.isStrict) return;
    const release = await this.#running();
    if (release <= (await this.#remembered())) return;
    await replaceFile(this.#newestFile, `${JSON.stringify({ format: 1, release })}\n`);
  }

  get #newestFile(): string {
    return join(new FirmwareLayout(this.#folder).own, 'newest-release.json');
  }

  #signed(value: unknown, kind: ReleaseKind): Release {
    const release = parseRelease(value, kind);
    if (isSignedBy(release, this.#keys.map(publicKey))) return release;
    throw new FirmwareError(
      'tampered',
      "The firmware's signature is by none of the trusted keys, or it was changed after it was signed. Send another version.",
    );
  }

  /** Number of the running release, if it is a signed one. */
  async #running(): Promise<number> {
    const value = await readReleaseFile(join(this.#folder, releaseName));
    for (const kind of ['tree', 'program'] as const) {
      try {
        return this.#signed(value, kind).release;
      } catch (cause) {
        if (!(cause instanceof FirmwareError)) throw cause;
      }
    }
    return 0;
  }

  async #remembered(): Promise<number> {
    const kept = await readReleaseFile(this.#newestFile);
    return isJsonObject(kept) && typeof kept.release === 'number' ? kept.release : 0;
  }

  async #newest(): Promise<number> {
    return Math.max(await this.#remembered(), await this.#running());
  }
}
