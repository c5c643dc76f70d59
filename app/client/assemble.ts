import type { CarriedOver, ChildName, UnitRequest } from '../../machines/unit/context.ts';
import type { UnitEnv } from '../../services/env.ts';
import type { ClientError } from '../../services/errors.ts';
import { targetOf } from '../../services/rest.ts';
import { createStateMeasurement, type MeasureState } from '../../services/system.ts';
import type { UpdateTarget } from '../../services/update.ts';
import type { Adapters } from '../platform.ts';
import { Cycle } from './main-cycle.ts';
import { DataPlane } from './data-plane.ts';
import { Documents } from './documents/documents.ts';
import { hasUnguardedLinks, unguardedLinks } from './options/link-trust.ts';
import type { ResolvedOptions } from './options/options.ts';
import { Metrics } from './metrics.ts';
import { InFlight } from './in-flight.ts';
import { Lifecycle } from './lifecycle.ts';
import { Reports } from './reports.ts';
import { Departure } from './restart.ts';
import { Shutdown } from './shutdown.ts';
import { isOnline, waitForIdle, type UnitActor } from './await-event.ts';
import { rootFactory, unitInputOf } from './machines.ts';
import type { UnitServices } from './unit-services.ts';
import { announce } from './registry.ts';
import { embeddedRoot, OwnRoot, type Root } from './root.ts';
import { Epoch } from './api/time-manager.ts';
import { followRoot, recorderOf, type RecordedParts } from './recording.ts';

/** Callbacks of the app, and the fault of its options. */
export interface UnitParts {
  /** Performs an update in place of the unit, for an app with its own update handler. */
  readonly handOver: (target: UpdateTarget) => Promise<void>;
  /** The app's check of a new version. */
  readonly isReady: () => unknown;
  /** Reads a JSON file at once; absent where the files can't be read so. @throws {Error} */
  readonly readJsonNow?: (path: string) => unknown;
  /** The path in a `file:` address; absent where there are no files. @throws {Error} */
  readonly pathOf?: ((url: URL) => string) | undefined;
  /** The root actor, where a statechart of the app starts and stops it. @defaultValue the unit's own */
  readonly actor?: UnitActor | undefined;
  /** Error of invalid options: the unit then refuses to start. */
  readonly fault: ClientError | undefined;
}

/** Says once that this start is to be counted, unless a supervisor has done it. */
const createStartCount = ({ process }: Adapters) => {
  let isDue = !process.isSupervised;
  return (): boolean => {
    const wasDue = isDue;
    isDue = false;
    return wasDue;
  };
};

const warningOf = ({ update }: ResolvedOptions) => (hasUnguardedLinks(update) ? unguardedLinks : undefined);

const measurementOf = ({ system, clock }: Adapters, epoch: Epoch, { warn }: DataPlane): MeasureState =>
  createStateMeasurement({ system, clock, epochMs: () => epoch.epochMs(), warn });

/** Asks the instance for the version that the unit is to run. @throws {RestError} */
const readTargetVersion = async ({ http }: Adapters, env: UnitEnv, inFlight: InFlight): Promise<string> =>
  (await http.getTargetVersion(targetOf(env), inFlight.signal())).commit;

/** The root of a unit, whose machines find its services by their id. */
const rootOf = (parts: UnitServices, actor: UnitActor | undefined): Root => {
  const place = announce(parts);
  const maker = {
    hold: () => place.hold(),
    release: () => place.release(),
    input: (carried?: CarriedOver) => unitInputOf(place.id, parts, carried),
    create: rootFactory(parts),
  };
  return actor ? embeddedRoot(actor, maker) : new OwnRoot(maker);
};

/** A unit's parts, wired to each other and to the adapters. */
export class UnitRuntime {
  readonly root: Root;
  readonly documents: Documents;
  readonly plane: DataPlane;
  readonly epoch: Epoch;
  readonly metrics: Metrics;
  readonly measureState: MeasureState;
  readonly cycle: Cycle;
  readonly inFlight = new InFlight();
  readonly lifecycle: Lifecycle;
  /** Whether MQTT is switched on. */
  readonly usesMqtt: boolean;

  constructor(
    adapters: Adapters,
    options: ResolvedOptions,
    { fault, readJsonNow, pathOf, actor, ...callbacks }: UnitParts,
  ) {
    const { clock } = adapters;
    const recorder = recorderOf(options, () => this.#recorded(adapters));
    this.usesMqtt = options.ffMqttEnable;
    this.epoch = new Epoch(clock);
    this.documents = new Documents(adapters, options, {
      loadSettings: () => this.ask({ type: 'settings.load' }, 'settings'),
      loadSchema: () => this.ask({ type: 'schema.load' }, 'schema'),
      stopSignal: () => this.inFlight.signal(),
      onEnv: (adopted) => this.plane.adoptEnv(adopted),
      onSchema: (adopted) => this.plane.adoptSchema(adopted),
      onEarlySchema: (found) => this.plane.publisher.route(found),
      readJsonNow,
      pathOf,
      warn: (message) => this.plane.warn(message),
    });
    this.plane = new DataPlane({
      adapters,
      options,
      epoch: this.epoch,
      env: () => this.documents.envNow(),
      onCommand: (command) => this.root.actor.send({ type: 'command.received', ...command }),
      extraTopics: () => this.root.actor.getSnapshot().context.extraTopics,
      recorder,
    });
    const { documents, plane, inFlight, epoch } = this;
    this.metrics = new Metrics(adapters, epoch, plane, () => this.root.actor.getSnapshot().context.counts);
    this.measureState = measurementOf(adapters, epoch, plane);
    this.cycle = new Cycle({ clock, isOnline: () => isOnline(this.root.actor), warn: plane.warn });
    const shutdown = new Shutdown({ plane, inFlight, clock });
    const departure = new Departure({ root: () => this.root, plane, adapters });
    this.root = rootOf(
      {
        adapters,
        options,
        documents,
        plane,
        metrics: this.metrics,
        measureState: this.measureState,
        reports: new Reports(plane, documents),
        shutdown,
        departure,
        cycle: this.cycle,
        restart: (mode) => this.lifecycle.restart(mode),
        countsStart: createStartCount(adapters),
        recorder,
        ...callbacks,
      },
      actor,
    );
    const { root } = this;
    const warning = warningOf(options);
    this.lifecycle = new Lifecycle({ root, plane, adapters, shutdown, departure, fault, warning, recorder });
    if (recorder) followRoot(root, recorder);
    root.on('timeSynced', ({ offsetMs }) => plane.adoptTime(offsetMs));
  }

  /** Starts the unit: it loads its documents and connects. @throws {ClientError} `stopped`, `failed`, `options` */
  start(): void {
    this.lifecycle.start();
    this.root.actor.send({ type: 'unit.start' });
  }

  /**
   * Sends a request, which starts the unit if need be, and waits until the child machine is idle.
   *
   * @throws {PepeunitError} Its last attempt failed.
   */
  async ask(request: UnitRequest, child: ChildName): Promise<void> {
    this.lifecycle.start();
    this.root.actor.send(request);
    await waitForIdle(this.root.actor, child);
  }

  /** The parts that a recorder looks at, once they are there. */
  #recorded(adapters: Adapters): RecordedParts {
    const { root, plane, metrics, documents, inFlight } = this;
    const targetVersion = async () => readTargetVersion(adapters, await documents.env(), inFlight);
    return { root, plane, metrics, targetVersion };
  }
}
