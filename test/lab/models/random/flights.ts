import type { TestWorld } from '../../../../app/testing/world.ts';
import type { FirmwareStore } from '../../../../services/firmware.ts';
import type { Rest } from '../../../../services/rest.ts';

/** What is under way at the same time. */
export interface Flights {
  readonly http: Rest;
  readonly firmware: FirmwareStore;
  /** How many of each kind are under way. */
  readonly now: ReadonlyMap<string, number>;
  /** Kinds of which two were under way at once. */
  readonly doubled: readonly string[];
}

/** What may not be done twice at the same time. */
const kinds: readonly string[] = ['getEnv', 'getSchema', 'getFirmware', 'stage', 'swap', 'rollBack', 'confirm'];

type Call = (...args: readonly unknown[]) => unknown;

/** Counts calls of the instance and of the firmware store that are under way together. */
export const flightRecorder = (world: Pick<TestWorld, 'http' | 'firmware'>): Flights => {
  const now = new Map<string, number>();
  const doubled: string[] = [];
  const counted =
    (kind: string, call: Call): Call =>
    async (...args) => {
      const count = (now.get(kind) ?? 0) + 1;
      now.set(kind, count);
      if (count > 1) doubled.push(kind);
      try {
        return await call(...args);
      } finally {
        now.set(kind, (now.get(kind) ?? 1) - 1);
      }
    };
  const watched = <TPort extends object>(port: TPort): TPort =>
    new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        const isCounted = typeof member === 'function' && kinds.includes(String(name));
        return isCounted ? counted(String(name), (...args) => Reflect.apply(member, target, args)) : member;
      },
    });
  return { http: watched<Rest>(world.http), firmware: watched<FirmwareStore>(world.firmware), now, doubled };
};
