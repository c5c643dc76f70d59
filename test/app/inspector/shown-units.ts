import { afterEach, beforeEach } from 'vitest';
import { startInspector, type Inspector } from '../../../app/inspector/server/server.ts';
import type { OpenPage } from '../../support/inspector-page.ts';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';

/** Gives each test an inspector, and units that are stopped after it. */
export const setUpInspector = () => {
  const units: LiveUnit[] = [];
  const world = {
    inspector: undefined as unknown as Inspector,
    /** Creates a unit that is not started. */
    createUnit: async (...options: Parameters<typeof createLiveUnit>): Promise<LiveUnit> => {
      const unit = await createLiveUnit(...options);
      units.push(unit);
      return unit;
    },
    /** Starts a unit, and waits until it is ready. */
    startUnit: async (...options: Parameters<typeof createLiveUnit>): Promise<LiveUnit> => {
      const unit = await world.createUnit(...options);
      await unit.client.ready();
      return unit;
    },
  };
  beforeEach(async () => {
    world.inspector = await startInspector({ pageFolder: import.meta.dirname, version: '0', isControlled: true });
  });
  afterEach(async () => {
    await Promise.all(units.splice(0).map((unit) => unit.stop()));
    await world.inspector.stop();
  });
  return world;
};

/** Says whether a page has got a line of a kind with a text in it. */
export const has =
  (page: OpenPage, kind: string, text = '') =>
  () =>
    page.lines.some((line) => line.startsWith(`["${kind}"`) && line.includes(text));
