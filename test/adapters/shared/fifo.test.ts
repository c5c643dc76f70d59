import { expect, test } from 'vitest';
import { Fifo } from '../../../adapters/shared/fifo.ts';
import { seeded } from '../../support/seeded.ts';

interface Item {
  readonly number: number;
  isGone: boolean;
}

test.each([1, 2, 3, 4, 5])('is an array from which items are taken anywhere, seed %i', (seed) => {
  const random = seeded(seed);
  const fifo = new Fifo<Item>(({ isGone }) => isGone);
  let model: Item[] = [];
  let number = 0;
  const next = (): Item => ({ number: (number += 1), isGone: false });
  const take = (item: Item | undefined) => {
    if (!item) return;
    item.isGone = true;
    model = model.filter((other) => other !== item);
    fifo.lost();
  };
  for (let step = 0; step < 3000; step += 1) {
    // It grows for a while, and shrinks for a while.
    const isGrowing = Math.floor(step / 300) % 2 === 0;
    const chance = random();
    if (chance < (isGrowing ? 0.7 : 0.2)) {
      const item = next();
      fifo.push(item);
      model.push(item);
    } else if (chance < 0.95) {
      take(random() < 0.7 ? model[0] : model[Math.floor(random() * model.length)]);
    } else {
      const earlier = Array.from({ length: Math.floor(random() * 5) }, next);
      fifo.unshift(earlier);
      model.unshift(...earlier);
    }
    expect(fifo.size).toBe(model.length);
    expect(fifo.find(() => true)).toBe(model[0]);
  }
  expect(fifo.items()).toEqual(model);
  const { number: wanted } = model[2] ?? next();
  expect(fifo.find((item) => item.number === wanted)).toBe(model[2]);
});
