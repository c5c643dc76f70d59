import { readdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTestUnit } from '../../../app/testing.ts';
import { FirmwareError, RestError } from '../../../services/errors.ts';
import { holdDownloads } from '../../support/held-download.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

/** A unit at work for which there is another version. */
const unitWithNewVersion = async () => {
  const unit = createTestUnit();
  await unit.client.ready();
  unit.world.http.documents.targetVersion = { commit: 'next', tag: null };
  return unit;
};

test('a stop during a download waits until what it has left is cleaned up (M12, U5)', async () => {
  const { client, world } = await unitWithNewVersion();
  let phase = 'asked for';
  world.firmware.stage = async (_, signal) => {
    phase = 'staging';
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    phase = 'cleaning up';
    await wait(100);
    phase = 'clean';
    throw new RestError('aborted', 'The download was cut off.');
  };
  const updated = client.performUpdate().catch((error: unknown) => error);
  await until(() => phase === 'staging');
  await client.stopMainCycle();
  expect(phase).toBe('clean');
  await updated;
});

test('a download whose answer comes as the unit stops stages nothing (M12, U5)', async () => {
  const { client, world } = await unitWithNewVersion();
  const { getFirmware } = world.http;
  let isAsked = false;
  world.http.getFirmware = async (target, signal) => {
    const answer = await getFirmware(target, signal);
    isAsked = true;
    await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    return answer;
  };
  const staged: unknown[] = [];
  const { stage } = world.firmware;
  world.firmware.stage = (...given) => {
    staged.push(given);
    return stage(...given);
  };
  const updated = client.performUpdate().catch((error: unknown) => error);
  await until(() => isAsked);
  await client.stopMainCycle();
  await updated;
  expect(staged).toEqual([]);
});

test('a stop while a refused version is removed waits for that (M12, U5)', async () => {
  const { client, world } = await unitWithNewVersion();
  world.firmware.stage = async () => ({ id: 'next', files: 3, bytes: 100 });
  world.firmware.readJson = async () => {
    throw new FirmwareError('incomplete', 'The version has no env_example.json.');
  };
  let phase = 'asked for';
  world.firmware.discard = async () => {
    phase = 'removing';
    await wait(100);
    phase = 'removed';
  };
  const updated = client.performUpdate().catch((error: unknown) => error);
  await until(() => phase === 'removing');
  await client.stopMainCycle();
  expect(phase).toBe('removed');
  await updated;
});

test('on a real disk no staged file is left when a stop during a download is over (M12, U5)', async () => {
  const live = await createLiveUnit({}, {});
  const line = await holdDownloads(live.instance.httpUrl);
  try {
    await live.write(
      'env.json',
      JSON.stringify({ ...JSON.parse(await live.read('env.json')), PU_DOMAIN: line.domain }),
    );
    await live.client.ready();
    await live.instance.operator.sendCommand(live.row.uuid, 'Update', await live.addVersion('x'.repeat(200_000)));
    await until(
      async () =>
        line.held() > 0 && (await readdir(live.path('.pepeunit'))).some((name) => name.startsWith('staging-')),
    );
    await live.client.stopMainCycle();
    expect((await readdir(live.path('.pepeunit'))).filter((name) => name.startsWith('staging-'))).toEqual([]);
  } finally {
    await line.stop();
    await live.stop();
  }
});
