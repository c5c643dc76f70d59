import type { FileSystem } from '../../../adapters/node/fs/file-system.ts';

/** One step of an update: what is done, and with what. */
export interface Step {
  readonly n: number;
  readonly verb: string;
  readonly path: string;
}

/** Is told of each step before it is made; what it throws takes the step's place. */
export type BeforeStep = (step: Step) => void | Promise<void>;

/** Counts steps of all kinds. */
export const stepper = (before: BeforeStep) => {
  let n = 0;
  const step = async (verb: string, path: string): Promise<void> => {
    n += 1;
    await before({ n, verb, path });
  };
  return { step, count: () => n };
};
export type TakeStep = ReturnType<typeof stepper>['step'];

/** A file system each of whose operations is a step. */
export const steppingFs = (fs: FileSystem, step: TakeStep): FileSystem => {
  const one =
    <A extends unknown[], R>(verb: string, operation: (path: string, ...rest: A) => Promise<R>) =>
    async (path: string, ...rest: A): Promise<R> => {
      await step(verb, path);
      return operation(path, ...rest);
    };
  return {
    open: async (path, flags, mode) => {
      await step(`open(${flags})`, path);
      const handle = await fs.open(path, flags, mode);
      const on =
        <A extends unknown[], R>(verb: string, operation: (...rest: A) => Promise<R>) =>
        async (...rest: A): Promise<R> => {
          await step(verb, path);
          return operation(...rest);
        };
      return {
        chmod: on('chmod', (bits) => handle.chmod(bits)),
        chown: on('chown', (uid, gid: number) => handle.chown(uid, gid)),
        writeFile: on('write', (content) => handle.writeFile(content)),
        sync: on('fsync', () => handle.sync()),
        createReadStream: (options) => handle.createReadStream(options),
        close: () => handle.close(),
      };
    },
    rename: one('rename', (from, to: string) => fs.rename(from, to)),
    unlink: one('unlink', (path) => fs.unlink(path)),
    mkdir: one('mkdir', (path, options) => fs.mkdir(path, options)),
    stat: one('stat', (path) => fs.stat(path)),
    lstat: one('lstat', (path) => fs.lstat(path)),
    readdir: one('readdir', (path) => fs.readdir(path)),
    readFile: one('read', (path) => fs.readFile(path)),
    readlink: one('readlink', (path) => fs.readlink(path)),
    link: one('link', (from, to: string) => fs.link(from, to)),
    symlink: one('symlink', (target, path: string) => fs.symlink(target, path)),
    copyFile: one('copy', (from, to: string) => fs.copyFile(from, to)),
    rmdir: one('rmdir', (path) => fs.rmdir(path)),
    statfs: one('statfs', (path) => fs.statfs(path)),
  };
};

/** An error as a file system gives it. */
export const diskError = (code: string, verb: string): Error =>
  Object.assign(new Error(`${code}: ${verb}`), { code, syscall: verb });

/** Steps that need space, and so fail on a full disk. */
export const needsSpace = (verb: string): boolean =>
  ['write', 'mkdir', 'link', 'symlink', 'copy', 'open(wx)'].includes(verb);
