/**
 * Tools for tests of device apps: a unit in memory, its adapters and its fake clock.
 *
 * @packageDocumentation
 */
export { memoryBrokerProbe, type MemoryBrokerProbe } from '../adapters/memory/broker-probe.ts';
export { memoryBroker, type MemoryBroker, type MemoryBrokerOptions } from '../adapters/memory/broker.ts';
export { memoryClockSource, type MemoryClockSource } from '../adapters/memory/clock-source.ts';
export { fakeClock, type FakeClock } from '../adapters/memory/clock.ts';
export { memoryFirmwarePrograms, type MemoryFirmwarePrograms } from '../adapters/memory/firmware-programs.ts';
export { memoryFirmwareStore, type MemoryFirmwareStore } from '../adapters/memory/firmware-store.ts';
export { memoryLogSink, type MemoryLogSink } from '../adapters/memory/log-sink.ts';
export { memoryOutbox, type MemoryOutbox } from '../adapters/memory/outbox.ts';
export { memoryProcessControl, type MemoryProcessControl } from '../adapters/memory/process-control.ts';
export { memoryRest, type MemoryRest, type MemoryRestOptions, type RestDocuments } from '../adapters/memory/rest.ts';
export { memoryStorage, type MemoryStorage } from '../adapters/memory/storage.ts';
export { memorySystem, sampleMetrics, type MemorySystem } from '../adapters/memory/system.ts';
export { memoryWifi, type MemoryWifi, type MemoryWifiOptions } from '../adapters/memory/wifi.ts';
export type { MemoryAdapters } from './testing/memory.ts';
export type { TestControls } from './testing/controls.ts';
export { testUuid } from './testing/documents.ts';
export { settle } from './testing/settle.ts';
export { createTestUnitLogic } from './testing/unit-logic.ts';
export { createTestUnit, type TestUnit, type TestUnitOptions } from './testing/unit.ts';
export { createTestWorld, type TestWorld, type TestWorldOptions } from './testing/world.ts';
export { WalkError } from './testing/walk/error.ts';
export type {
  ActorScript,
  Edge,
  Seen,
  WalkOptions,
  WalkReport,
  WalkWorld,
  WorldActors,
} from './testing/walk/options.ts';
export { walkEdges } from './testing/walk/walk-edges.ts';
