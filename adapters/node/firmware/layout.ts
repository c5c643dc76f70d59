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
export const firmwareLayout = (folder: string) => {
  const own = join(folder, privateName);
  return {
    /** The unit's folder. */
    folder,
    /** The client's own folder. */
    own,
    journal: join(own, 'update.json'),
    /** A damaged journal, kept for inspection. */
    damaged: join(own, 'update.damaged.json'),
    staging: (id: string) => join(own, `staging-${id}`),
    /** What npm has installed for a staged version, in a `node_modules`; none for most. */
    packages: (id: string) => join(own, `packages-${id}`),
    previous: (id: string) => join(own, `previous-${id}`),
    plan: (id: string) => join(own, `plan-${id}.json`),
    /** The journal of a rollback, written before any file moves: one rename puts it in force, even on a full disk. */
    undo: (id: string) => join(own, `undo-${id}.json`),
  };
};
export type FirmwareLayout = ReturnType<typeof firmwareLayout>;
