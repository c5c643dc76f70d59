import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kyRest } from '../../../adapters/shared/rest/rest.ts';
import { parseEnv } from '../../../services/env.ts';
import { targetOf } from '../../../services/rest.ts';
import type { TakeStep } from './stepping-fs.ts';

/** Downloads the firmware of the unit in a folder; the request and each chunk are steps. */
export const download = async function* (folder: string, step: TakeStep): AsyncGenerator<Uint8Array> {
  const env = parseEnv(JSON.parse(await readFile(join(folder, 'env.json'), 'utf8')));
  await step('request', 'the firmware');
  for await (const chunk of await kyRest().getFirmware(targetOf(env))) {
    await step('receive', 'a chunk');
    yield chunk;
  }
};
