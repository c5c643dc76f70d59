import { join } from 'node:path';

/** The client's own folder inside the unit's. */
export const privateName = '.pepeunit';

const kinds = ['staging', 'previous', 'plan', 'undo', 'aside'] as const;
type Kind = (typeof kinds)[number];

const pattern = new RegExp(`^(?<kind>${kinds.join('|')})-(?<id>[0-9a-z-]+?)(?:\\.json)?$`);

/** Reads the kind and the update's id from a name in the private folder; `undefined` for what is not an update's. */
export const parseName = (name: string): { readonly kind: Kind; readonly id: string } | undefined =>
  pattern.exec(name)?.groups as { kind: Kind; id: string } | undefined;

/** Paths of a unit's updates. */
export const firmwareLayout = (folder: string) => {
  const own = join(folder, privateName);
  return {
    /** The unit's folder. */
    folder,
    /** The client's own folder. */
    own,
    journal: join(own, 'update.json'),
    /** A damaged journal, kept for a look at it. */
    damaged: join(own, 'update.damaged.json'),
    staging: (id: string) => join(own, `staging-${id}`),
    previous: (id: string) => join(own, `previous-${id}`),
    /** Files that were in the way of the previous version. */
    aside: (id: string) => join(own, `aside-${id}`),
    plan: (id: string) => join(own, `plan-${id}.json`),
    /** A journal that leads back, written before anything moves: a rename makes it the journal, even on a full disk. */
    undo: (id: string) => join(own, `undo-${id}.json`),
  };
};
export type FirmwareLayout = ReturnType<typeof firmwareLayout>;
