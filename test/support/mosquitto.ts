import { describe } from 'vitest';
import { mosquittoPath } from './mosquitto-process.ts';

export * from './mosquitto-process.ts';

const skips = mosquittoPath === undefined && !process.env['CI'];

/** A group of tests that need mosquitto: skipped with the reason in its name where there is none, never so in CI. */
export const describeWithMosquitto = (name: string, tests: () => void): void => {
  describe.skipIf(skips)(`${name}${skips ? ' (skipped: mosquitto is not installed)' : ''}`, () => {
    tests();
  });
};
