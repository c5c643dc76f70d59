import { createActor } from 'xstate';
import { expect, test } from 'vitest';
import { createOnlineUnit, createWorld, provideWorld } from '../../support/unit-world.ts';

test('a unit is not restored from a snapshot: its children would talk to a parent that is gone', async () => {
  const { actor } = await createOnlineUnit();
  const { managesWifi, protocol, restartMode, checksVersion, isCompiled, isSupervised, logConfig } =
    actor.getSnapshot().context;
  const failures: unknown[] = [];
  const restored = createActor(
    provideWorld(createWorld(), () => undefined),
    {
      input: { managesWifi, protocol, restartMode, checksVersion, isCompiled, isSupervised, logConfig },
      snapshot: actor.getPersistedSnapshot(),
    },
  );
  restored.subscribe({ error: (error) => failures.push(error) });
  restored.start();
  expect(failures).toEqual([
    expect.objectContaining({ name: 'ClientError', code: 'invalid', message: expect.stringContaining('snapshot') }),
  ]);
});
