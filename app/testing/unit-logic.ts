import type { JsonValue } from '../../services/json.ts';
import { unitLogic, type UnitLogic, type UnitLogicOptions } from '../client/unit-logic.ts';
import type { Codecs } from '../client/api/unit-types.ts';
import { pathsAsGiven } from '../platform.ts';
import { testPaths, type TestWorld } from './world.ts';

/**
 * A test world's unit as actor logic, to `invoke` in your own statechart. Give your root actor the world's clock.
 *
 * @example
 * import { createActor, setup } from 'xstate';
 * import { createTestUnitLogic, createTestWorld } from 'pepeunit-client/testing';
 *
 * const world = createTestWorld();
 * const device = setup({ actors: { unit: createTestUnitLogic(world) } }).createMachine({
 *   invoke: { id: 'unit', src: 'unit', input: ({ self }) => ({ parent: self }) },
 *   initial: 'offline',
 *   states: { offline: { on: { online: 'online' } }, online: { on: { offline: 'offline' } } },
 * });
 * const actor = createActor(device, { clock: world.clock }).start();
 * await world.settle();
 * console.log(actor.getSnapshot().value); // 'online'
 * actor.stop();
 */
export const createTestUnitLogic = <
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
>(
  world: TestWorld,
  options: Partial<UnitLogicOptions<TUnit, TCodecs>> = {},
): UnitLogic => unitLogic({ ...testPaths, ...options }, { platform: () => world.adapters, files: pathsAsGiven });
