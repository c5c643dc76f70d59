import { expect, test } from 'vitest';
import { createSupervisedUnit, createYard } from '../../support/supervised-unit.ts';

test('good updates in a row are no crashes: the supervisor starts each version at once', async () => {
  const yard = await createYard();
  const unit = await createSupervisedUnit(yard, 'in-a-row', { label: 'v1' });
  try {
    unit.run();
    await unit.hears('v1', 'online');
    for (const label of ['v2', 'v3', 'v4']) {
      await unit.update(await unit.add({ label }));
      await unit.hears(label, 'updateConfirmed');
    }
    expect(unit.told().filter(({ type }) => type === 'started')).toHaveLength(4);
    expect(unit.told().filter(({ type }) => type === 'waiting')).toEqual([]);
  } finally {
    await unit.stop();
    await yard.stop();
  }
});
