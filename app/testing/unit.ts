import type { JsonValue } from '../../services/json.ts';
import { UnitClient, type PepeunitClientOptions } from '../client/client.ts';
import type { Codecs, InputKey, PublishKey } from '../client/api/unit-types.ts';
import type { TestControls } from './controls.ts';
import { powered } from './power.ts';
import { settle } from './settle.ts';
import { createTestWorld, testPaths, type TestWorld, type TestWorldOptions } from './world.ts';

/** Options of {@link createTestUnit}: those of the world and those of the client. */
export interface TestUnitOptions<TUnit extends object, TCodecs extends Codecs<TUnit> = Codecs<TUnit>>
  extends TestWorldOptions, Partial<PepeunitClientOptions<TUnit, TCodecs>> {
  /** The program under test: sets handlers on its client, which is then run. Called at each start. @defaultValue none */
  readonly program?: ((client: UnitClient<TUnit, TCodecs>) => unknown) | undefined;
}

/** A unit in a world in memory. */
export interface TestUnit<
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
> extends TestControls<InputKey<TUnit>, PublishKey<TUnit>> {
  /** The client of this start of the program. */
  readonly client: UnitClient<TUnit, TCodecs>;
  readonly world: TestWorld;
  /** Whether the unit has its link, with its topics subscribed. */
  isOnline(): boolean;
  /**
   * Runs the program and its client. When it resolves the unit is online, unless the world keeps it off.
   *
   * @throws What the program throws, or why the unit can't start.
   */
  start(): Promise<void>;
  /** Stops the unit, as its program does at its end. @throws Why the unit failed, if it did. */
  stop(): Promise<void>;
  /**
   * Cuts the power: nothing of the program goes on, and nothing was stopped in order. `start` is the next one, on the files
   * and the outbox as they were at that moment.
   */
  cutPower(): void;
  /** Stops the unit and runs its program again with a new client, on the files and the outbox that it left. */
  restart(): Promise<void>;
}

/** One run of a client. */
const runOf = (client: Pick<UnitClient, 'runMainCycle'>) => {
  let isOver = false;
  const failures: unknown[] = [];
  client
    .runMainCycle()
    .catch((error: unknown) => failures.push(error))
    .finally(() => {
      isOver = true;
    });
  return {
    isOver: () => isOver,
    /** @throws Why the run has failed, if it has. */
    check: () => {
      if (failures.length > 0) throw failures[0];
    },
  };
};

/**
 * Creates a unit in memory, with its instance, its broker, its host and its clock. It is not started yet.
 *
 * @example
 * import { createTestUnit } from 'pepeunit-client/testing';
 *
 * const lamp = createTestUnit({
 *   program: (client) => client.setMqttInputHandler((unit, { payload }) => unit.publishToTopics('output/pepeunit', payload)),
 * });
 * await lamp.start();
 * await lamp.receive('input/pepeunit', 'on');
 * console.log(lamp.published('output/pepeunit')); // ['on']
 * await lamp.stop();
 */
export const createTestUnit = <
  TUnit extends object = Record<string, JsonValue>,
  TCodecs extends Codecs<TUnit> = Codecs<TUnit>,
>({ env, schema, program, ...options }: TestUnitOptions<TUnit, TCodecs> = {}): TestUnit<TUnit, TCodecs> => {
  const world = createTestWorld({ ...(env && { env }), ...(schema && { schema }) });
  let power = powered(world.adapters);
  const createClient = () => new UnitClient<TUnit, TCodecs>({ ...testPaths, ...options }, () => power.adapters);
  let client = createClient();
  let run: ReturnType<typeof runOf> | undefined;
  const start = async (): Promise<void> => {
    await program?.(client);
    run = runOf(client);
    await settle();
    run.check();
  };
  const stop = async (): Promise<void> => {
    const ending = run;
    void client.stopMainCycle();
    await world.until(() => ending?.isOver() ?? true);
    ending?.check();
  };
  return {
    ...world,
    world,
    get client() {
      return client;
    },
    isOnline: () => client.mqttClient.isConnected(),
    start,
    stop,
    cutPower: () => {
      power.cut();
      power = powered(world.adapters);
      client = createClient();
      run = undefined;
    },
    restart: async () => {
      await stop();
      client = createClient();
      await start();
    },
  };
};
