/** The Web Locks API, as far as it is needed; pages of one origin share its locks. */
export type PageLocks = Pick<LockManager, 'request'>;

/** The browser's own locks; `null` where it has none, such as over plain http. */
export const hostLocks = (): PageLocks | null =>
  (globalThis.navigator as Partial<Navigator> | undefined)?.locks ?? null;

/**
 * Takes a name for this page alone; the browser gives it up when the page is gone, however it goes.
 *
 * @returns Gives it up; `undefined` when another page has it.
 */
export const takeName = (locks: PageLocks, name: string): Promise<(() => void) | undefined> =>
  new Promise((resolve, reject) => {
    const hold = (lock: Lock | null) => {
      if (!lock) return resolve(undefined);
      return new Promise<void>((release) => resolve(release));
    };
    locks.request(name, { ifAvailable: true }, hold).catch(reject);
  });
