import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../services/json.ts';
import { envDocument, schemaDocument } from './env.ts';

/** Writes an env.json and a schema.json that can be used into a folder. @returns The client's options that name its files. */
export const writeUnitDocuments = async (folder: string, env: JsonObject = {}) => {
  const paths = {
    envFilePath: join(folder, 'env.json'),
    schemaFilePath: join(folder, 'schema.json'),
    logFilePath: join(folder, 'log.json'),
  };
  await writeFile(paths.envFilePath, JSON.stringify(envDocument(env)));
  await writeFile(paths.schemaFilePath, JSON.stringify(schemaDocument()));
  return paths;
};

export type UnitPaths = Awaited<ReturnType<typeof writeUnitDocuments>>;
