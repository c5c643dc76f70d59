import { afterEach, describe, expect, test, vi } from 'vitest';
import { describeWithMosquitto } from '../../support/mosquitto.ts';
import { asked, play, seenBy } from './lab.ts';

afterEach(() => void vi.unstubAllEnvs());

describeWithMosquitto('units of the fault lab', () => {
  test.each([
    ['4', 'MQTT 3.1.1'],
    ['5', 'MQTT 5.0'],
  ])('speak the level that is asked for: %s is %s', async (level, name) => {
    vi.stubEnv('LAB_PROTOCOL', level);
    const result = await play({
      fault: 'none',
      run: async (lab) => {
        const broker = await lab.mosquitto();
        const unit = await lab.unit({ port: broker.port, witness: () => seenBy([broker]) });
        await unit.tells(`Connected to MQTT broker, ${name}`);
        return { happened: 'connected', seconds: 0 };
      },
    });
    expect(result).toMatchObject({ happened: 'connected', lost: 0 });
    expect(result.hung ?? result.crashed).toBeUndefined();
  });
});

describe('links of the fault lab', () => {
  test.each([
    ['on', true],
    ['off', false],
  ])('take the fast path or not, as asked: %s', (value, fastPath) => {
    vi.stubEnv('LAB_FAST_PATH', value);
    expect(asked()).toEqual({ fastPath });
  });

  test('take no other word', () => {
    vi.stubEnv('LAB_FAST_PATH', 'no');
    expect(asked).toThrow('--fast-path takes on or off, not "no"');
  });
});
