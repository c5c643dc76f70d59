import { join } from 'node:path';

/** The client's own folder inside the unit's. */
export const privateName = '.pepeunit';

const kinds = ['staging', 'previous', 'plan', 'undo', 'aside'] as const;
type Kind = (typeof kinds)[number];

const pattern = new RegExp(`^(?<kind>${kinds.join('|')})-(?<id>[0-9a-z-]+?)(?:\\.json)?$`);

/** Tells what of an update a name in the private folder belongs to; `undefined` for what is not an update's. */
export const placeOf = (name: string): { readonly kind: Kind; readonly id: string } | undefined =>
  pattern.exec(name)?.groups as { kind: Kind; id: string } | undefined;

/** Where a unit's updates keep what. */
export const firmwarePlaces = (folder: string) => {
  const own = join(folder, privateName);
  return {
    /** The unit's folder. */
    folder,
    /** The client's own folder. */
    own,
    journal: join(own, 'update.json'),
    /** Where a damaged journal is kept for those who want to look at it. */
    damaged: join(own, 'update.damaged.json'),
    staging: (id: string) => join(own, `staging-${id}`),
    previous: (id: string) => join(own, `previous-${id}`),
    /** What was in the way of the previous version. */
    aside: (id: string) => join(own, `aside-${id}`),
    plan: (id: string) => join(own, `plan-${id}.json`),
    /** A journal that leads back, written before anything moves: to take it up needs no space. */
    undo: (id: string) => join(own, `undo-${id}.json`),
  };
};
export type FirmwarePlaces = ReturnType<typeof firmwarePlaces>;

/** The host's path of one that is relative to a folder, with `/` between its parts. */
export const inside = (folder: string, path: string): string => join(folder, ...path.split('/'));

/** The folders above a path, nearest first. */
export const foldersAbove = (path: string): string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('/'));
};

/** The folder that a path is in; empty for the unit's own. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
