/** The needed part of the Web Locks API; pages of one origin share its locks. */
export type PageLocks = Pick<LockManager, 'request'>;

/** The browser's own locks; `null` if it has none, such as over plain http. */
export const hostLocks = (): PageLocks | null =>
  (globalThis.navigator as Partial<Navigator> | undefined)?.locks ?? null;

/**
 * Locks a name for this page; the browser releases it when the page goes, even by a crash.
 *
 * @returns Releases the lock; `undefined` if another page holds it.
 */
export const takeName = (locks: PageLocks, name: string): Promise<(() => void) | undefined> =>
  new Promise((resolve, reject) => {
    const hold = (lock: Lock | null) => {
      if (!lock) return resolve(undefined);
      return new Promise<void>((release) => resolve(release));
    };
    locks.request(name, { ifAvailable: true }, hold).catch(reject);
  });
