import type { MeasureState } from '../../services/system.ts';
import type { UpdateTarget } from '../../services/update.ts';
import type { RestartingMode } from '../../services/process-control.ts';
import type { Adapters } from '../platform.ts';
import type { DataPlane } from './data-plane.ts';
import type { Documents } from './documents/documents.ts';
import type { Metrics } from './metrics.ts';
import type { ResolvedOptions } from './options/options.ts';
import type { Cycle } from './main-cycle.ts';
import type { UnitRecorder } from './recording.ts';
import type { Reports } from './reports.ts';
import type { Departure } from './restart.ts';
import type { Shutdown } from './shutdown.ts';

/** What the slots of a unit's machines work with. */
export interface UnitServices {
  readonly adapters: Adapters;
  readonly options: ResolvedOptions;
  readonly documents: Pick<Documents, 'settingsSources' | 'schemaSources'>;
  readonly plane: DataPlane;
  readonly metrics: Metrics;
  readonly measureState: MeasureState;
  readonly reports: Reports;
  readonly shutdown: Shutdown;
  readonly departure: Departure;
  readonly cycle: Cycle;
  readonly restart: (mode: RestartingMode) => Promise<void>;
  readonly handOver: (target: UpdateTarget) => Promise<void>;
  readonly isReady: () => unknown;
  /** Whether the client has to count this start of the program. */
  readonly countsStart: () => boolean;
  readonly recorder: UnitRecorder | undefined;
}
