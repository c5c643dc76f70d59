import type { CarriedOver, ChildName, UnitRequest } from '../../machines/unit/context.ts';
import type { UnitEnv } from '../../services/env.ts';
import type { ClientError } from '../../services/errors.ts';
import { targetOf } from '../../services/rest.ts';
import { createStateMeasurement, type MeasureState } from '../../services/system.ts';
import type { UpdateTarget } from '../../services/update.ts';
import type { Adapters } from '../platform.ts';
import { createCycle, type Cycle } from './main-cycle.ts';
import { DataPlane } from './data-plane.ts';
import { Documents } from './documents/documents.ts';
import { hasUnguardedLinks, unguardedLinks } from './options/link-trust.ts';
import type { ResolvedOptions } from './options/options.ts';
import { Metrics } from './metrics.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { Reports } from './reports.ts';
import { createDeparture } from './restart.ts';
import { createShutdown } from './shutdown.ts';
import { isOnline, waitForIdle, type UnitActor } from './await-event.ts';
import { rootFactory, unitInputOf } from './machines.ts';
import type { UnitServices } from './unit-services.ts';
import { announce } from './registry.ts';
import { createRoot, embeddedRoot, type Root } from './root.ts';
import { Epoch } from './api/time-manager.ts';
import { followRoot, recorderOf } from './recording.ts';

/** A unit's parts, wired to each other and to the adapters. */
export interface UnitRuntime {
  readonly root: Root;
  readonly documents: Documents;
  readonly plane: DataPlane;
  readonly epoch: Epoch;
  readonly metrics: Metrics;
  readonly measureState: MeasureState;
  readonly cycle: Cycle;
  readonly inFlight: InFlight;
  readonly lifecycle: Lifecycle;
  /** Starts the unit: it loads its documents and connects. @throws {ClientError} `stopped`, `failed`, `options` */
  start(): void;
  /** Whether MQTT is switched on. */
  readonly usesMqtt: boolean;
  /** Sends a request, and waits until the child machine is idle. @throws {PepeunitError} Its last attempt failed. */
  ask(request: UnitRequest, child: ChildName): Promise<void>;
}

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

/** Requests of the app, which start the unit if need be. */
const createRequests = (lifecycle: Lifecycle, root: Root): Pick<UnitRuntime, 'start' | 'ask'> => ({
  start: () => {
    lifecycle.start();
    root.actor.send({ type: 'unit.start' });
  },
  ask: async (request, child) => {
    lifecycle.start();
    root.actor.send(request);
    await waitForIdle(root.actor, child);
  },
});

const measurementOf = ({ system, clock }: Adapters, epoch: Epoch, { warn }: DataPlane): MeasureState =>
  createStateMeasurement({ system, clock, epochMs: () => epoch.epochMs(), warn });

/** Asks the instance for the version that the unit is to run. @throws {RestError} */
const readTargetVersion = async ({ http }: Adapters, env: UnitEnv, inFlight: InFlight): Promise<string> =>
  (await http.getTargetVersion(targetOf(env), inFlight.signal())).commit;

/** The root of a unit, whose machines find its services by their id. */
const rootOf = (parts: UnitServices, actor: UnitActor | undefined): Root => {
  const { id, hold, release } = announce(parts);
  const kept = { hold, release, input: (carried?: CarriedOver) => unitInputOf(id, parts, carried) };
  return actor ? embeddedRoot(actor, kept) : createRoot({ ...kept, create: rootFactory(parts) });
};

export const createUnit = (
  adapters: Adapters,
  options: ResolvedOptions,
  { fault, readJsonNow, pathOf, actor, ...callbacks }: UnitParts,
): UnitRuntime => {
  const epoch = new Epoch(adapters.clock);
  const inFlight = createInFlight();

  const recorder = recorderOf(options, () => ({ plane, metrics, root, targetVersion }));

  const targetVersion = async () => readTargetVersion(adapters, await documents.env(), inFlight);
  const documents: Documents = new Documents(adapters, options, {
    loadSettings: () => requests.ask({ type: 'settings.load' }, 'settings'),
    loadSchema: () => requests.ask({ type: 'schema.load' }, 'schema'),
    stopSignal: () => inFlight.signal(),
    onEnv: (adopted) => plane.adoptEnv(adopted),
    onSchema: (adopted) => plane.adoptSchema(adopted),
    onEarlySchema: (found) => plane.publisher.route(found),
    readJsonNow,
    pathOf,
    warn: (message) => plane.warn(message),
  });

  const plane: DataPlane = new DataPlane({
    adapters,
    options,
    epoch,
    env: () => documents.envNow(),
    onCommand: (command) => root.actor.send({ type: 'command.received', ...command }),
    extraTopics: () => root.actor.getSnapshot().context.extraTopics,
    recorder,
  });

  const metrics = new Metrics(adapters, epoch, plane, () => root.actor.getSnapshot().context.counts);
  const cycle = createCycle({ clock: adapters.clock, isOnline: () => isOnline(root.actor), warn: plane.warn });
  const machineParts: UnitServices = {
    adapters,
    options,
    documents,
    plane,
    metrics,
    measureState: measurementOf(adapters, epoch, plane),
    reports: new Reports(plane, documents),
    shutdown: createShutdown({ plane, inFlight, clock: adapters.clock }),
    departure: createDeparture({ root: () => root, plane, adapters }),
    cycle,
    restart: (mode) => lifecycle.restart(mode),
    countsStart: createStartCount(adapters),
    recorder,
    ...callbacks,
  };
  const root: Root = rootOf(machineParts, actor);
  const lifecycle = createLifecycle({ root, fault, warning: warningOf(options), ...machineParts });
  if (recorder) followRoot(root, recorder);
  root.on('timeSynced', ({ offsetMs }) => plane.adoptTime(offsetMs));
  const requests = createRequests(lifecycle, root);

  const parts = { root, documents, plane, epoch, metrics, cycle, inFlight, lifecycle };
  return { ...parts, measureState: machineParts.measureState, usesMqtt: options.ffMqttEnable, ...requests };
};
