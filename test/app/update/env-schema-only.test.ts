import { expect, onTestFinished, test } from 'vitest';
import { createLiveUnit } from '../../support/live-unit.ts';
import { startHttpServer } from '../../support/http-server.ts';
import { until } from '../../support/until.ts';

const startUnit = async (update = {}) => {
  const unit = await createLiveUnit({ restartMode: 'env_schema_only', update });
  onTestFinished(() => unit.stop());
  const versions = () =>
    unit.events.flatMap((event) => (event.type === 'state' ? (event.report?.['pu_commit_version'] ?? []) : []));
  void unit.client.ready();
  const { commit: first } = unit.instance.operator.getTargetVersion(unit.row.uuid);
  await until(() => versions().length > 0 && versions(), { what: 'the first report' });
  expect(versions()).toEqual([first]);
  return { ...unit, versions };
};

test('a version that needs no restart is reported at once, however long the interval is (P2)', async () => {
  const { addVersion, client, instance, row, versions } = await startUnit();
  const second = await addVersion('version 2');
  await instance.operator.sendCommand(row.uuid, 'Update');
  await until(() => versions().at(-1) === second, { what: 'a report of the new version', timeoutMs: 30_000 });
  expect(client.settings.PU_STATE_SEND_INTERVAL).toBeGreaterThan(30);
  expect(versions()).toHaveLength(2);
});

test('where env and schema alone are taken over, no program is fetched, nor its link ignored', async () => {
  const server = await startHttpServer((_, response) => response.end('a program'));
  onTestFinished(() => server.stop());
  const { addVersion, client, instance, read, row } = await startUnit({ program: 'main.bin', allowHttp: true });
  const failures: unknown[] = [];
  client.on('updateFailed', ({ failure }) => failures.push(failure));
  const finished = new Promise((resolve) => client.on('updateFinished', resolve));
  const commit = await addVersion('version 2', `${server.origin}/program`);
  await instance.operator.sendCommand(row.uuid, 'Update');
  await Promise.race([finished, until(() => failures.length > 0)]);
  expect(failures).toEqual([]);
  expect(server.requests).toEqual([]);
  await until(async () => JSON.parse(await read('env.json')).PU_COMMIT_VERSION === commit);
  expect(await read('log.json')).not.toContain('is ignored');
});
