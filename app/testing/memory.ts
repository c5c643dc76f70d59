import { memoryBrokerProbe, type MemoryBrokerProbe } from '../../adapters/memory/broker-probe.ts';
import { memoryBroker, type MemoryBroker } from '../../adapters/memory/broker.ts';
import { memoryClockSource, type MemoryClockSource } from '../../adapters/memory/clock-source.ts';
import { fakeClock, type FakeClock } from '../../adapters/memory/clock.ts';
import { memoryFirmwarePrograms, type MemoryFirmwarePrograms } from '../../adapters/memory/firmware-programs.ts';
import { memoryFirmwareStore, type MemoryFirmwareStore } from '../../adapters/memory/firmware-store.ts';
import { memoryLogSink, type MemoryLogSink } from '../../adapters/memory/log-sink.ts';
import { memoryOutbox, type MemoryOutbox } from '../../adapters/memory/outbox.ts';
import { memoryProcessControl, type MemoryProcessControl } from '../../adapters/memory/process-control.ts';
import { memoryRest, type MemoryRest } from '../../adapters/memory/rest.ts';
import { memoryStorage, type MemoryStorage } from '../../adapters/memory/storage.ts';
import { memorySystem, type MemorySystem } from '../../adapters/memory/system.ts';
import { memoryWifi, type MemoryWifi } from '../../adapters/memory/wifi.ts';
import { defaultArchiveLimits } from '../../services/firmware.ts';
import type { JsonObject } from '../../services/json.ts';

/** The adapters of a test world, each for the test to control. */
export interface MemoryAdapters {
  readonly clock: FakeClock;
  readonly clockSource: MemoryClockSource;
  readonly broker: MemoryBroker;
  readonly brokerProbe: MemoryBrokerProbe;
  readonly http: MemoryRest;
  readonly storage: MemoryStorage;
  readonly firmware: MemoryFirmwareStore;
  readonly programs: MemoryFirmwarePrograms;
  readonly outbox: MemoryOutbox;
  readonly system: MemorySystem;
  readonly process: MemoryProcessControl;
  readonly console: MemoryLogSink;
  readonly wifi: MemoryWifi;
}

/** Creates the adapters of a unit with these documents. */
export const createMemoryAdapters = (documents: { env: JsonObject; schema: JsonObject }): MemoryAdapters => {
  const clock = fakeClock();
  const firmware = memoryFirmwareStore({ limits: defaultArchiveLimits, now: () => clock.now() });
  return {
    clock,
    clockSource: memoryClockSource(clock.now()),
    broker: memoryBroker({ clock }),
    brokerProbe: memoryBrokerProbe(),
    http: memoryRest({ clock, documents }),
    storage: memoryStorage({ 'env.json': documents.env, 'schema.json': documents.schema }),
    firmware,
    programs: memoryFirmwarePrograms(firmware),
    outbox: memoryOutbox(),
    system: memorySystem(),
    process: memoryProcessControl(),
    console: memoryLogSink(),
    wifi: memoryWifi({ clock }),
  };
};
