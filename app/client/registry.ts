import type { AnyActorRef } from 'xstate';
import { unitIdOf } from '../../services/finder.ts';
import type { UnitServices } from './unit-services.ts';

/** A unit's services: held weakly until its machines run, so that a unit that is never started leaves nothing. */
interface Entry {
  readonly known: WeakRef<UnitServices>;
  held?: UnitServices | undefined;
}

interface Registry {
  readonly units: Map<string, Entry>;
  readonly gone: FinalizationRegistry<string>;
  last: number;
}

const key = Symbol.for('pepeunit-client.units.1');

/** The units of this process, also of other copies of this package: the machines of each find their services here. */
const registry = (): Registry => {
  const shared = globalThis as { [key]?: Registry };
  if (shared[key]) return shared[key];
  const units = new Map<string, Entry>();
  return (shared[key] = { units, gone: new FinalizationRegistry((id: string) => units.delete(id)), last: 0 });
};

/** The place of a unit among the units of this process. */
export class Registration {
  /** Id that the unit's machines carry. */
  readonly id: string;
  readonly #services: UnitServices;
  readonly #entry: Entry;

  constructor(id: string, services: UnitServices) {
    this.id = id;
    this.#services = services;
    this.#entry = { known: new WeakRef(services), held: undefined };
    const { units, gone } = registry();
    units.set(id, this.#entry);
    gone.register(services, id);
  }

  /** Keeps the unit's services for as long as its machines run. */
  hold(): void {
    this.#entry.held = this.#services;
  }

  /** Lets them go, once its machines have ended. */
  release(): void {
    this.#entry.held = undefined;
  }
}

/** Makes a unit's services known, before its machines are made. */
export const announce = (services: UnitServices): Registration => {
  const shared = registry();
  shared.last += 1;
  return new Registration(`unit-${shared.last}`, services);
};

/** The services of a machine's unit. @throws {Error} There is none of that id. */
export const servicesOf = ({ unit }: { readonly unit?: string | undefined }): UnitServices => {
  const parts = unit === undefined ? undefined : registry().units.get(unit)?.known.deref();
  if (!parts) throw new Error(`There is no unit "${unit}" in this process: its machines run without their services`);
  return parts;
};

/** Makes a finder for a slot of all units' machines out of what it takes of one unit's services. */
export const ofUnit =
  <T extends object>(pick: (parts: UnitServices) => T) =>
  (self: AnyActorRef): T =>
    pick(servicesOf({ unit: unitIdOf(self) }));
