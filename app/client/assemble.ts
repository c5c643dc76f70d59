import type { ChildName } from '../../machines/unit/context.ts';
import type { ClientError } from '../../services/errors.ts';
import type { UpdateTarget } from '../../services/update.ts';
import type { Adapters } from '../platform.ts';
import { createCycle, type Cycle } from './main-cycle.ts';
import { createDataPlane, type DataPlane } from './data-plane.ts';
import { createDocuments, type Documents } from './documents.ts';
import type { ResolvedOptions } from './options/options.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createInFlight, createLifecycle, type InFlight, type Lifecycle } from './lifecycle.ts';
import { createReports } from './reports.ts';
import { waitForIdle, type UnitActor } from './await-event.ts';
import { createRoot } from './machines.ts';
import { createEpoch, type Epoch } from './api/time-manager.ts';

/** The assembled unit: machines, data plane and documents, wired to the adapters. */
export interface UnitRuntime<TEnv extends object> {
  readonly actor: UnitActor;
  readonly documents: Documents<TEnv>;
  readonly plane: DataPlane;
  readonly epoch: Epoch;
  readonly metrics: Metrics;
  readonly cycle: Cycle;
  readonly inFlight: InFlight;
  readonly lifecycle: Lifecycle;
  /** Starts the unit: settings, schema, network, link. @throws {ClientError} `stopped`, `options` */
  start(): void;
  /** Sends a request to a child machine, and waits until it has done all that it was asked for. */
  ask(request: UnitRequest, child: ChildName): Promise<void>;
}

/** What the app brings to its unit. */
export interface UnitParts {
  /** Takes an update over, where the app does so itself. */
  readonly handOver: (target: UpdateTarget) => Promise<void>;
  /** What the app says of a new version. */
  readonly isReady: () => unknown;
  /** What is wrong with the options: nothing is started then. */
  readonly fault: ClientError | undefined;
}

type UnitRequest = Parameters<UnitActor['send']>[0];

export const createUnit = <TEnv extends object>(
  adapters: Adapters,
  options: ResolvedOptions,
  { fault, ...callbacks }: UnitParts,
): UnitRuntime<TEnv> => {
  const epoch = createEpoch(adapters.clock);
  const inFlight = createInFlight();

  const documents = createDocuments<TEnv>(adapters, options, {
    loadSettings: () => ask({ type: 'settings.load' }, 'settings'),
    loadSchema: () => ask({ type: 'schema.load' }, 'schema'),
    giveUp: inFlight.signal,
    onEnv: (adopted) => plane.adoptEnv(adopted),
    onSchema: (adopted) => plane.adoptSchema(adopted),
  });

  const plane: DataPlane = createDataPlane({
    adapters,
    options,
    epoch,
    env: documents.envNow,
    onCommand: (command) => actor.send({ type: 'command.received', ...command }),
  });

  const metrics = createMetrics(adapters.clock, epoch, plane, () => actor.getSnapshot().context.counts);
  const actor: UnitActor = createRoot({
    adapters,
    options,
    documents,
    plane,
    metrics,
    epochMs: epoch.epochMs,
    reports: createReports(plane, documents.schemaNow, adapters.clock),
    restart: (mode) => lifecycle.restart(mode),
    ...callbacks,
  });

  const cycle = createCycle({
    clock: adapters.clock,
    isConfigured: () => documents.envNow() !== undefined && documents.schemaNow() !== undefined,
    isOnline: () => actor.getSnapshot().matches({ lifecycle: { operating: 'online' } }),
    warn: plane.warn,
  });
  const lifecycle = createLifecycle({ actor, plane, cycle, inFlight, adapters, fault });
  actor.on('timeSynced', ({ offsetMs }) => epoch.setOffset(offsetMs));

  const ask = async (request: UnitRequest, child: ChildName) => {
    lifecycle.start();
    actor.send(request);
    await waitForIdle(actor, child);
  };

  const start = () => {
    lifecycle.start();
    actor.send({ type: 'unit.start' });
  };

  return { actor, documents, plane, epoch, metrics, cycle, inFlight, lifecycle, start, ask };
};
