import { expect, test } from 'vitest';
import { StateMachine, type AnyStateMachine } from 'xstate';
import * as exported from '../machines/index.ts';
import { draw } from './diagrams/draw.ts';

const isMachine = (value: unknown): value is AnyStateMachine => value instanceof StateMachine;

// `npm run diagrams` draws them anew.
test.each(Object.values(exported).filter(isMachine))(
  'the diagram of $id shows the machine as it is (X12)',
  async (machine) => {
    const drawn = await draw(machine);
    expect(await draw(machine)).toBe(drawn);
    await expect(drawn).toMatchFileSnapshot(`../docs/charts/${machine.id}.svg`);
  },
);
