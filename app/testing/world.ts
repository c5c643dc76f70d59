import { webCryptoCipher } from '../../adapters/shared/cipher.ts';
import { anyPackages, trustAll } from '../../adapters/shared/no-firmware.ts';
import { noFolders } from '../../adapters/shared/no-folders.ts';
import { StorageError } from '../../services/errors.ts';
import { storedGivenRecord } from '../../services/given-documents.ts';
import { storedKeptEnv } from '../../services/kept-env.ts';
import { storedLastLink } from '../../services/last-link.ts';
import { storedResetRecord } from '../../services/reset.ts';
import type { Adapters } from '../platform.ts';
import { createControls, type TestControls } from './controls.ts';
import { createMemoryAdapters, type MemoryAdapters } from './memory.ts';
import { defaultSchema, testEnv, testSchema } from './documents.ts';

/** Where the documents of a world are. */
export const testPaths = { envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' };

/** Options of {@link createTestWorld}. */
export interface TestWorldOptions {
  /** The unit's own variables, such as its env_example.json; `PU_*` variables replace those of the world. */
  readonly env?: object | undefined;
  /**
   * The unit's schema_example.json, whose keys get a topic each, or a whole schema.json.
   *
   * @defaultValue all base topics, `input/pepeunit` and `output/pepeunit`
   */
  readonly schema?: object | undefined;
}

/** A unit's surroundings in memory: its instance, its broker, its host and its clock. */
export interface TestWorld extends MemoryAdapters, TestControls {
  /** Every adapter of the unit, for its options. */
  readonly adapters: Adapters;
}

/**
 * Creates the surroundings of a unit in memory, without the unit: for a statechart of your own that invokes one.
 * {@link createTestUnit} brings both.
 *
 * @example
 * import { createTestWorld } from 'pepeunit-client/testing';
 *
 * const world = createTestWorld({ schema: { input_topic: ['set_lamp/pepeunit'], output_topic: ['lamp/pepeunit'] } });
 * world.partition();
 * await world.advance(60_000);
 */
export const createTestWorld = ({ env = {}, schema = defaultSchema }: TestWorldOptions = {}): TestWorld => {
  const memory = createMemoryAdapters({ env: testEnv(env), schema: testSchema({ ...schema }) });
  const { storage } = memory;
  const adapters: Adapters = {
    ...memory,
    givenRecord: storedGivenRecord(storage, (name) => `.pepeunit/given-${name}.json`),
    lastLink: storedLastLink(storage, '.pepeunit/link.json'),
    keptEnv: storedKeptEnv(storage, '.pepeunit/kept-env.json'),
    resetRecord: storedResetRecord(storage, '.pepeunit/reset.json'),
    cipher: webCryptoCipher(),
    trust: trustAll(),
    packages: anyPackages(),
    folders: noFolders(),
    extract: async (path: string) => {
      throw new StorageError('unsupported', `${path} can't be unpacked: a test world has no folders.`);
    },
    random: () => 0.5,
  };
  return { ...memory, ...createControls(memory), adapters };
};
