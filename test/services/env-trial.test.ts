import { expect, test } from 'vitest';
import { memoryStorage } from '../../adapters/memory/storage.ts';
import { putBack } from '../../services/env-trial.ts';
import { parseEnv } from '../../services/env.ts';
import type { JsonObject } from '../../services/json.ts';
import { storedKeptEnv } from '../../services/kept-env.ts';
import { underVersionOf } from '../../services/firmware-transitions.ts';
import type { Rest } from '../../services/rest.ts';
import { downloadEnv, envHolder, loadEnv } from '../../services/settings.ts';
import type { Storage } from '../../services/storage.ts';
import { envDocument } from '../support/documents.ts';

const keptPath = '.pepeunit/kept-env.json';
const previousPath = '.pepeunit/previous/env.json';
const of = (version: string, change: JsonObject = {}) => envDocument({ PU_COMMIT_VERSION: version, ...change });

/** Documents after each change, as a kill would leave them. */
type Copy = Readonly<Record<string, JsonObject>>;

/** A unit whose version `new` is on trial, with the previous one's env beside it. */
const unitOn = (documents: Copy) => {
  const storage = memoryStorage(documents);
  const copies: Copy[] = [];
  const copy = () =>
    copies.push(
      Object.fromEntries(
        [...storage.documents.keys()].map((path) => [path, JSON.parse(storage.text(path) ?? '') as JsonObject]),
      ),
    );
  const recorded: Storage = {
    ...storage,
    writeJson: async (path, value) => storage.writeJson(path, value).then(() => void copy()),
    remove: async (path) => storage.remove(path).then(() => void copy()),
  };
  const firmware = {
    replaceEnv: async (env: JsonObject, write: () => Promise<void>) => {
      const before = (await recorded.readJson(previousPath)) as JsonObject | undefined;
      if (before) await recorded.writeJson(previousPath, underVersionOf(before, env));
      await write();
    },
  };
  const keptEnv = storedKeptEnv(recorded, keptPath);
  const files = { storage: recorded, path: 'env.json', keptEnv, firmware, rest: {} as Rest, holder: envHolder() };
  return { files, copies };
};

const load = ({ files }: ReturnType<typeof unitOn>) => loadEnv(files);

const refreshed = async (change: JsonObject) => {
  const unit = unitOn({ 'env.json': of('new'), [previousPath]: of('old') });
  const rest = { getEnv: () => Promise.resolve(of('new', change)) } as unknown as Rest;
  await downloadEnv({ ...unit.files, rest, before: parseEnv(of('new')) }, new AbortController().signal);
  return unit;
};

/** The next start, at once or after the rollback of the version on trial. */
const nextStarts = async (copy: Copy) => {
  const { [previousPath]: previous, ...rolledBack } = copy;
  const starts = [
    { version: 'new', unit: unitOn(copy) },
    { version: 'old', unit: unitOn({ ...rolledBack, ...(previous && { 'env.json': previous }) }) },
  ];
  return Promise.all(
    starts.map(async ({ version, unit }) => {
      const { commitVersion, trial } = await load(unit);
      expect(commitVersion).toBe(version);
      return {
        isOnTrial: trial !== undefined,
        env: (await unit.files.storage.readJson('env.json')) as JsonObject,
        unit,
      };
    }),
  );
};

test('killed at any write of an env during the trial of a version: no new connection without a trial (U2, U3, U23)', async () => {
  const { copies } = await refreshed({ PU_MQTT_HOST: 'other.test' });
  expect(copies.length).toBeGreaterThanOrEqual(3);
  for (const copy of copies)
    for (const { env, isOnTrial } of await nextStarts(copy))
      expect(env['PU_MQTT_HOST'] === 'other.test').toBe(isOnTrial);
  const last = await nextStarts(copies.at(-1) ?? {});
  expect(last.map(({ isOnTrial }) => isOnTrial)).toEqual([true, true]);
});

test('what the next start drops of an env that was cut off comes with no later rollback either (U23)', async () => {
  const { copies } = await refreshed({ PU_MQTT_HOST: 'other.test' });
  for (const copy of copies) {
    const [started] = await nextStarts(copy);
    if (!started || started.isOnTrial) continue;
    for (const { env } of await nextStarts(started.unit.copies.at(-1) ?? copy))
      expect(env['PU_MQTT_HOST']).toBe(of('new')['PU_MQTT_HOST']);
  }
});

test('killed at any write of an env that is put back during the trial of a version: it is put back (U2, U23)', async () => {
  const unit = await refreshed({ PU_MQTT_HOST: 'other.test' });
  const from = unit.copies.length;
  await load(unit);
  expect(await putBack(unit.files, unit.files.holder.connectionRevision)).toEqual(['PU_MQTT_HOST']);
  for (const copy of unit.copies.slice(from))
    for (const { env, isOnTrial } of await nextStarts(copy))
      expect({ host: env['PU_MQTT_HOST'], isOnTrial }).toEqual({ host: of('new')['PU_MQTT_HOST'], isOnTrial: false });
});

test('the version in an env is that of the program beside it, and none where there was none (U2)', () => {
  expect(underVersionOf(of('old'), of('new', { NAME: 'x' }))).toEqual(of('old', { NAME: 'x' }));
  const { PU_COMMIT_VERSION: _, ...unversioned } = of('old');
  expect(underVersionOf(unversioned, of('new'))).toEqual(unversioned);
});
