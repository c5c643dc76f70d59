import { expect, test } from 'vitest';
import { models } from './models/all.ts';
import { draw } from './diagrams/draw.ts';

// `npm run diagrams` draws them anew.
test.each(models.map(({ machine }) => machine))('the diagram of $id shows the machine as it is', async (machine) => {
  await expect(await draw(machine)).toMatchFileSnapshot(`../machines/diagrams/${machine.id}.svg`);
});
