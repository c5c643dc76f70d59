import { expect, test } from 'vitest';
import { memoryLogSink } from '../../../adapters/memory/log-sink.ts';
import { createLiveUnit } from '../../support/live-unit.ts';

test('an env with values that can not be used costs their defaults, one Warning, and nothing else', async () => {
  const shown = memoryLogSink();
  const env = { PU_STATE_SEND_INTERVAL: 0, PU_MQTT_KEEPALIVE: '', MINIMAL_LOG_LEVEL: 'Debug' };
  const live = await createLiveUnit({ ffConsoleLogEnable: true, adapters: { console: shown } }, env);
  const file = { ...(JSON.parse(await live.read('env.json')) as object), ...env };
  const { PU_MIN_LOG_LEVEL: _, ...document } = file as Record<string, unknown>;
  await live.write('env.json', JSON.stringify(document));
  await live.client.ready();
  await live.client.settings.loadFromFile();
  expect(live.client.settings.PU_STATE_SEND_INTERVAL).toBe(300);
  const remarks = () =>
    shown.entries.filter(({ text }) => text.startsWith('env.json')).map(({ level, text }) => [level, text]);
  expect(remarks()).toEqual([
    [
      'Warning',
      "env.json: the defaults stand in for what can't be used: PU_MQTT_KEEPALIVE (60), PU_STATE_SEND_INTERVAL (300)",
    ],
    ['Debug', 'env.json has older names of PU_MIN_LOG_LEVEL'],
  ]);
  await live.write('env.json', JSON.stringify({ ...document, PU_MQTT_KEEPALIVE: 60 }));
  await live.client.settings.loadFromFile();
  expect(remarks()).toHaveLength(4);
  await live.stop();
});
