import { join } from 'node:path';

/** Name of the client's own folder inside the unit's. */
export const privateName = '.pepeunit';

const kinds = ['staging', 'previous', 'plan', 'undo', 'aside'] as const;
type Kind = (typeof kinds)[number];

const pattern = new RegExp(`^(?<kind>${kinds.join('|')})-(?<id>[0-9a-z-]+?)(?:\\.json)?$`);

/** Reads kind and update id from a name in the private folder; `undefined` for other names. */
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
    /** A damaged journal, kept for inspection. */
    damaged: join(own, 'update.damaged.json'),
    staging: (id: string) => join(own, `staging-${id}`),
    previous: (id: string) => join(own, `previous-${id}`),
    /** Files that blocked the previous version's paths. */
    aside: (id: string) => join(own, `aside-${id}`),
    plan: (id: string) => join(own, `plan-${id}.json`),
    /** The journal of a rollback, written before any file moves: one rename puts it in force, even on a full disk. */
    undo: (id: string) => join(own, `undo-${id}.json`),
  };
};
export type FirmwareLayout = ReturnType<typeof firmwareLayout>;
