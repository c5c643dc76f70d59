import { join } from 'node:path';

/** Name of the client's own folder inside the unit's. */
export const privateName = '.pepeunit';

const kinds = ['staging', 'packages', 'previous', 'plan', 'undo'] as const;
type Kind = (typeof kinds)[number];

const pattern = new RegExp(`^(?<kind>${kinds.join('|')})-(?<id>[0-9a-z-]+?)(?:\\.json)?$`);

/** Reads kind and update id from a name in the private folder; `undefined` for other names. */
export const parseName = (name: string): { readonly kind: Kind; readonly id: string } | undefined =>
  pattern.exec(name)?.groups as { kind: Kind; id: string } | undefined;

const maxNameLength = 100;

/** A name for a folder from any text. */
const nameFrom = (text: string): string => `_${text.replaceAll(/[^\w-]/g, '_')}`.slice(0, maxNameLength);

/** The folder, relative to the unit's, of what gave way to a version though no update had brought it. */
export const keptFolder = (version: string): string =>
  `${privateName}/kept/${/^\w[\w.-]*$/.test(version) ? version.slice(0, maxNameLength) : nameFrom(version)}`;

/** Paths of a unit's updates. */
export class FirmwareLayout {
  /** The unit's folder. */
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The client's own folder. */
  get own(): string {
    return join(this.folder, privateName);
  }

  get journal(): string {
    return join(this.own, 'update.json');
  }

  /** A damaged journal, kept for inspection. */
  get damaged(): string {
    return join(this.own, 'update.damaged.json');
  }

  staging(id: string): string {
    return join(this.own, `staging-${id}`);
  }

  /** What npm has installed for a staged version, in a `node_modules`; none for most. */
  packages(id: string): string {
    return join(this.own, `packages-${id}`);
  }

  previous(id: string): string {
    return join(this.own, `previous-${id}`);
  }

  plan(id: string): string {
    return join(this.own, `plan-${id}.json`);
  }

  /** The journal of a rollback, written before any file moves: one rename puts it in force, even on a full disk. */
  undo(id: string): string {
    return join(this.own, `undo-${id}.json`);
  }
}
