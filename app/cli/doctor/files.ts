import { access, constants, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isMarkedUnguarded } from '../../../adapters/node/program/unguarded-links.ts';
import { fileStorage } from '../../../adapters/node/storage/storage.ts';
import { unitUuidOf, type UnitEnv } from '../../../services/env.ts';
import { textOf } from '../../../services/errors.ts';
import { isJsonObject } from '../../../services/json.ts';
import { unlistedBaseTopics, type UnitSchema } from '../../../services/schema.ts';
import { unguardedLinks } from '../../client/options/link-trust.ts';
import { readEnv, readSchema } from '../unit-folder.ts';
import { attempt, failed, ok, skipped, warning, type Finding } from './finding.ts';

/** Findings about a unit's folder, and its documents where they are valid. */
export interface FolderFindings {
  readonly findings: readonly Finding[];
  readonly env: UnitEnv | undefined;
  readonly schema: UnitSchema | undefined;
}

const checkFolder = async (folder: string): Promise<Finding> => {
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok('folder', resolve(folder));
  } catch {
    return failed('folder', `${folder} can't be read and written. Check its name and permissions.`);
  }
};

const isPrivate = async (path: string): Promise<boolean> => ((await stat(path)).mode & 0o077) === 0;

const checkEnv = async (folder: string, keep: (env: UnitEnv) => void): Promise<Finding> => {
  const path = join(folder, 'env.json');
  const env = await readEnv(folder);
  keep(env);
  if (process.platform !== 'win32' && !(await isPrivate(path))) {
    return warning(
      'env.json',
      `Other users of this machine can read ${path}, which holds the token. Run chmod 600 on it.`,
    );
  }
  return ok('env.json', `${Object.keys(env.given).length} variables`);
};

const checkToken = async (folder: string): Promise<Finding> => {
  const document = await fileStorage()
    .readJson(join(folder, 'env.json'))
    .catch(() => undefined);
  if (!isJsonObject(document)) return skipped('token', 'env.json');
  return ok('token', `unit ${unitUuidOf(textOf(document['PU_AUTH_TOKEN'] ?? ''))}`);
};

const belongsTo = ({ input_base_topic, output_base_topic }: UnitSchema, uuid: string): boolean =>
  [input_base_topic, output_base_topic]
    .flatMap((section) => Object.values(section).flat())
    .every((topic) => topic.split('/')[2] === uuid);

const checkSchema = async (
  folder: string,
  env: UnitEnv | undefined,
  keep: (schema: UnitSchema) => void,
): Promise<Finding> => {
  const schema = await readSchema(folder);
  if (env && !belongsTo(schema, env.unitUuid)) {
    return failed(
      'schema.json',
      'Its base topics belong to another unit. Download the schema from the instance again.',
    );
  }
  keep(schema);
  const counts = Object.entries(schema).map(([section, keys]) => `${Object.keys(keys).length} ${section}`);
  const unlisted = unlistedBaseTopics(schema);
  const note = unlisted.length === 0 ? [] : [`without ${unlisted.join(', ')}`];
  return ok('schema.json', [...counts, ...note].join(', '));
};

/** Checks a unit's folder, env.json, token and schema.json. */
export const checkFiles = async (folder: string): Promise<FolderFindings> => {
  let env: UnitEnv | undefined;
  let schema: UnitSchema | undefined;
  const findings = [
    await checkFolder(folder),
    await attempt('env.json', () => checkEnv(folder, (read) => void (env = read))),
    await attempt('token', () => checkToken(folder)),
    await attempt('schema.json', () => checkSchema(folder, env, (read) => void (schema = read))),
  ];
  if (await isMarkedUnguarded(folder)) findings.push(warning('program links', unguardedLinks));
  return { findings, env, schema };
};
