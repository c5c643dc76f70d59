import { createActor } from 'xstate';
import type { CarriedOver, UnitInput } from '../../machines/unit/context.ts';
import type { UnitActor } from './await-event.ts';
import { guardRequests } from './requests.ts';
import { besides, guardInspector } from './inspection.ts';
import { unitDefinition } from './definition.ts';
import type { UnitServices } from './unit-services.ts';

/** What the unit's machine begins with. */
export const unitInputOf = (
  unit: string,
  { adapters, options, plane }: UnitServices,
  carried: CarriedOver | undefined,
): UnitInput => ({
  unit,
  managesWifi: options.ffWifiManagerEnable,
  isRestOnly: !options.ffMqttEnable,
  protocol: options.mqtt.protocol ?? 'auto',
  brokers: Math.max(1, options.mqtt.brokers?.length ?? 1),
  ...(options.mqtt.timeoutMs !== undefined && { mqttTimeoutMs: options.mqtt.timeoutMs }),
  restartMode: options.restartMode,
  checksVersion: options.ffVersionCheckEnable,
  isCompiled: options.update.program !== undefined,
  isSupervised: adapters.process.isSupervised,
  logConfig: plane.log.config,
  ...(carried && { carried }),
});

/** Creates root actors of the unit, not yet started. Their `send` takes valid requests alone. */
export const rootFactory = ({ adapters, options, plane, recorder }: UnitServices) => {
  const definition = unitDefinition(options);
  const observer = options.inspect && guardInspector(options.inspect, plane.warn);
  const inspect = besides(observer, recorder?.inspect);
  const actorOptions = {
    id: 'unit',
    clock: adapters.clock,
    ...(inspect && { inspect }),
  };
  return (input: UnitInput): UnitActor => guardRequests(createActor(definition, { ...actorOptions, input }));
};
