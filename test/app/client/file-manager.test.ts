import { expect, test } from 'vitest';
import { createTestUnit } from '../../../app/testing.ts';
import type { Folders } from '../../../services/folders.ts';

/** Folders that note what they are asked for. */
class NotingFolders implements Folders {
  readonly asked: string[] = [];

  async exists(path: string): Promise<boolean> {
    return this.asked.includes(path);
  }

  async *readFile(path: string): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(path);
  }

  async copyFile(from: string, to: string): Promise<void> {
    this.asked.push(`copy ${from} to ${to}`);
  }

  async copyFolder(from: string, to: string): Promise<void> {
    this.asked.push(`copy all of ${from} to ${to}`);
  }

  async createFolder(path: string): Promise<void> {
    this.asked.push(`create ${path}`);
  }

  async removeFolder(path: string): Promise<void> {
    this.asked.push(`remove ${path}`);
  }

  async pack(folder: string, archivePath: string): Promise<void> {
    this.asked.push(`pack ${folder} into ${archivePath}`);
  }
}

test('folders of the app get the calls of the file manager as methods', async () => {
  const folders = new NotingFolders();
  const { fileManager } = createTestUnit({ adapters: { folders } }).client;
  await fileManager.createDirectory('новая папка');
  await fileManager.copyFile('a', 'b');
  await fileManager.copyDirectory('c', 'd');
  await fileManager.createTarGz('e', 'f.tgz');
  await fileManager.removeDirectory('g');
  expect(folders.asked).toEqual([
    'create новая папка',
    'copy a to b',
    'copy all of c to d',
    'pack e into f.tgz',
    'remove g',
  ]);
});
