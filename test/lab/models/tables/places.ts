import type { Happening } from './happenings.ts';
import type { Situation } from './situation.ts';
import type { TableWalk } from './table.ts';

/** A situation of a walk, told apart from others by its table's key. */
export interface Place {
  readonly key: string;
  /** What has not been tried there yet. */
  readonly untried: Happening[];
  /** Where what was tried there has led. */
  readonly ways: Map<Happening, Place>;
}

/** The places of a walk. */
export const createPlaces = (walk: TableWalk, happenings: readonly Happening[]) => {
  const places = new Map<string, Place>();
  const keyOf = ({ leaves, actors, timers, context }: Situation): string =>
    JSON.stringify([
      leaves,
      actors.map(({ id }) => id),
      timers.map(({ state, delay }) => `${state} ${delay}`),
      (walk.key as (context: unknown) => unknown)(context),
    ]);
  return {
    of: (situation: Situation): Place => {
      const key = keyOf(situation);
      const known = places.get(key);
      if (known) return known;
      const untried = happenings.filter(({ isPossible }) => isPossible(situation));
      const place: Place = { key, untried, ways: new Map() };
      places.set(key, place);
      return place;
    },
    get size() {
      return places.size;
    },
  };
};

interface Arrival {
  readonly by: Happening;
  readonly from: Place;
}

/** The shortest way from one place to the nearest that is wanted, over what was tried. */
export const wayTo = (from: Place, isWanted: (place: Place) => boolean): readonly Happening[] | undefined => {
  const arrivals = new Map<Place, Arrival | undefined>([[from, undefined]]);
  for (const [place] of arrivals) {
    if (isWanted(place)) return wayBack(arrivals, place);
    for (const [by, target] of place.ways) if (!arrivals.has(target)) arrivals.set(target, { by, from: place });
  }
  return undefined;
};

const wayBack = (arrivals: ReadonlyMap<Place, Arrival | undefined>, to: Place): Happening[] => {
  const way: Happening[] = [];
  for (let arrival = arrivals.get(to); arrival; arrival = arrivals.get(arrival.from)) way.push(arrival.by);
  return way.toReversed();
};
