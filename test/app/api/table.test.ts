import { describe, expect, test } from 'vitest';
import { AesGcmCipher, PepeunitClient } from '../../../app/node.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { clientRows } from './client.rows.ts';
import { fileManagerRows, schemaRows, settingsRows } from './documents.rows.ts';
import { cipherRows, loggerRows, timeManagerRows, wifiManagerRows } from './host.rows.ts';
import { mqttClientRows, restClientRows } from './links.rows.ts';
import type { Rows } from './rows.ts';
import { updateRows } from './update.rows.ts';

const client = new PepeunitClient({ envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' });

/** Every member that a user can reach, found by looking rather than from a list. */
const membersOf = (object: object): string[] => {
  const names = new Set<string>();
  for (let at: object | null = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  names.delete('constructor');
  return [...names].filter((name) => !/^PUC?_/.test(name)).toSorted();
};

const surface: readonly [string, object, Rows][] = [
  ['PepeunitClient', client, { ...clientRows, ...updateRows }],
  ['mqttClient', client.mqttClient, mqttClientRows],
  ['restClient', client.restClient, restClientRows],
  ['settings', client.settings, settingsRows],
  ['schema', client.schema, schemaRows],
  ['fileManager', client.fileManager, fileManagerRows],
  ['logger', client.logger, loggerRows],
  ['timeManager', client.timeManager, timeManagerRows],
  ['wifiManager', client.wifiManager, wifiManagerRows],
  ['AesGcmCipher', new AesGcmCipher(), cipherRows],
];

describe.each(surface)('%s', (_, object, rows) => {
  test('has a row for each of its members, and no other', () => {
    expect(Object.keys(rows).toSorted()).toEqual(membersOf(object));
  });

  test.each(Object.entries(rows))('%s', async (__, use) => {
    const live = await createLiveUnit();
    try {
      await use(live);
    } finally {
      await live.stop();
    }
  });
});
