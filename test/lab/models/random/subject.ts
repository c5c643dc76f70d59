import type { InspectionEvent } from 'xstate';
import { UnitClient } from '../../../../app/client/client.ts';
import type { PublishResult } from '../../../../app/node.ts';
import { createTestWorld, type TestWorld } from '../../../../app/testing/world.ts';
import type { Adapters } from '../../../../app/platform.ts';
import { StorageError } from '../../../../services/errors.ts';
import type { JsonObject } from '../../../../services/json.ts';
import { flightRecorder, type Flights } from './flights.ts';
import { createRude, type Rude } from './rude.ts';
import { firstSecrets } from './secrets.ts';

/** A unit under test, with all that an observer outside has seen of it. */
export interface Subject {
  readonly world: TestWorld;
  /** The client of the program that runs now. */
  readonly client: UnitClient;
  /** What makes the broker and the user's callbacks misbehave. */
  readonly rude: Rude;
  readonly flights: Flights;
  /** Texts that an observer has got and nobody has looked at yet: events, inspection events, answers to calls. */
  readonly shown: string[];
  /** What was published and has not settled. */
  readonly publishing: Set<Promise<PublishResult>>;
  /** Calls of the client that have not settled. */
  readonly calls: Set<Promise<unknown>>;
  /** Numbers that tell messages apart. */
  nextNumber(): number;
  /** Whether the main cycle runs. */
  isRunning(): boolean;
  run(): void;
  /** Waits for a call to settle, whatever it says. */
  track(call: Promise<unknown>): void;
  /** How many messages were published by the program that runs now. */
  publishedSince(): number;
  /** Publishes a message. */
  publish(payload: string, qos: 0 | 1): void;
  /** Fills the disk, or makes room. */
  fillDisk(isFull: boolean): void;
  /** Whether the program has asked for another process in its place. */
  isReplaced(): boolean;
  /** What another process does that takes over: starts the program anew on the same files. */
  replace(): Promise<void>;
}

const paths = { envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' };

/** The unit's own variables and secrets. */
export const subjectEnv = {
  ...firstSecrets,
  PUC_WIFI_SSID: 'home',
  PU_STATE_SEND_INTERVAL: 60,
  PU_MIN_LOG_LEVEL: 'Info',
};

const textOf = (value: unknown): string =>
  JSON.stringify({ value }, (_, part: unknown) =>
    part instanceof Error ? { name: part.name, message: part.message, cause: part.cause } : part,
  );

/** What an inspection event shows without a look into actors. */
const shownBy = (inspected: InspectionEvent): string => {
  const event = 'event' in inspected ? inspected.event : undefined;
  const context = 'snapshot' in inspected ? (inspected.snapshot as { context?: object }).context : undefined;
  return textOf({ event, context: { ...context, parent: undefined } });
};

const nothing = (): void => undefined;

/** Creates a unit in a world, which runs already. */
export const createSubject = (): Subject => {
  const world = createTestWorld({ env: subjectEnv });
  const rude = createRude(world);
  const flights = flightRecorder(world);
  const adapters: Adapters = { ...world.adapters, broker: rude.broker, http: flights.http, firmware: flights.firmware };
  const shown: string[] = [];
  const publishing = new Set<Promise<PublishResult>>();
  const calls = new Set<Promise<unknown>>();
  let makeRoom = nothing;
  let number = 0;
  let restarts = 0;
  let published = 0;
  let running: Promise<void> | undefined;

  const createClient = (): UnitClient => {
    const made: UnitClient = new UnitClient(
      { ...paths, inspect: (event) => void rude.pass(() => shown.push(shownBy(event))) },
      () => adapters,
    );
    made.setMqttInputHandler(() => rude.pass(() => undefined));
    made.setOutputHandler(() => rude.pass(() => undefined));
    made.on('offline', (event) => rude.pass(() => shown.push(textOf(event))));
    made.on('online', (event) => rude.pass(() => shown.push(textOf(event))));
    made.on('updateFailed', (event) => rude.pass(() => shown.push(textOf(event))));
    return made;
  };
  let client = createClient();

  const track = (call: Promise<unknown>): void => {
    const settled = call.then(
      (value) => void shown.push(textOf(value)),
      (error: unknown) => void shown.push(textOf(error)),
    );
    calls.add(settled);
    void settled.finally(() => calls.delete(settled));
  };

  const subject: Subject = {
    world,
    get client() {
      return client;
    },
    rude,
    flights,
    shown,
    publishing,
    calls,
    nextNumber: () => (number += 1),
    isRunning: () => running !== undefined,
    run: () => {
      if (running) return;
      const run = client.runMainCycle({ cycleMs: 30_000 }).finally(() => {
        if (running === run) running = undefined;
      });
      running = run;
      track(run);
    },
    track,
    publishedSince: () => published,
    publish: (payload, qos) => {
      const topic = 'simulated.test/10000000-0000-4000-8000-000000000002/pepeunit';
      const result = client.mqttClient.publishDetailed(topic, payload, { qos, until: 'settled' });
      published += 1;
      publishing.add(result);
      void result.finally(() => publishing.delete(result));
    },
    fillDisk: (isFull) => {
      makeRoom();
      makeRoom = isFull ? fullDisk(world) : nothing;
    },
    isReplaced: () => world.process.restarts.length > restarts,
    replace: async () => {
      restarts = world.process.restarts.length;
      let isOver = false;
      void client.stopMainCycle().finally(() => (isOver = true));
      await world.until(() => isOver, 10_000);
      // What they would tell, nobody is there to hear.
      calls.clear();
      running = undefined;
      published = 0;
      installVersion(world);
      client = createClient();
      subject.run();
    },
  };
  showWifi(world);
  subject.run();
  return subject;
};

/** Puts the unit's WiFi into reach, with the password of its env. */
export const showWifi = ({ wifi, storage }: TestWorld): void => {
  const { PUC_WIFI_PASS } = JSON.parse(storage.text('env.json') ?? '{}') as { PUC_WIFI_PASS?: string };
  wifi.appear('home', PUC_WIFI_PASS ?? '');
};

/** Fails every write, as a full disk does. @returns Makes room. */
const fullDisk = ({ storage, outbox }: TestWorld): (() => void) => {
  const { documents } = storage;
  const set = documents.set.bind(documents);
  documents.set = () => {
    throw new StorageError('io', 'No space is left on the device.');
  };
  const makeRoom = outbox.fill();
  return () => {
    documents.set = set;
    makeRoom();
  };
};

/** The files that a swap or a rollback of the real store would have left. */
const installVersion = ({ firmware: { journal }, storage: { documents } }: TestWorld): void => {
  const version = journal.phase === 'trial' ? journal.flight?.to : journal.failed?.version && 'first';
  if (version === undefined) return;
  const env = JSON.parse(String(documents.get('env.json'))) as JsonObject;
  const set = Map.prototype.set.bind(documents);
  set('env.json', JSON.stringify({ ...env, PU_COMMIT_VERSION: version }));
};
