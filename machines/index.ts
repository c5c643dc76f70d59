/**
 * The statecharts of a unit, each with the events that it accepts (`…Event`), the facts that it reports (`…Fact`) and
 * its input (`…Input`).
 *
 * A machine runs alone once its slots are filled with `.provide({ actors })`; `pepeunit-client/services` creates the
 * actor for each slot from a port. {@link unitMachine} runs all machines.
 *
 * @packageDocumentation
 */
export { backoff } from './lib/delays.ts';
export { jitteredDelays, longestDelays } from './mqtt/reconnect-delay.ts';
export type { MqttProtocol } from './mqtt/disconnect-reason.ts';
export { ActorHandle, type Parent } from './lib/parent.ts';
export {
  loggerMachine,
  type LogConfig,
  type LoggerContext,
  type LoggerEvent,
  type LoggerFact,
  type LoggerInput,
  type SyncProgress,
  type LogSinkName,
} from './logger.ts';
export { mqttMachine, type MqttContext, type MqttEvent, type MqttFact, type MqttInput } from './mqtt.ts';
export { resetMachine, type ResetContext, type ResetEvent, type ResetFact, type ResetInput } from './reset.ts';
export { schemaMachine, type SchemaContext, type SchemaEvent, type SchemaFact, type SchemaInput } from './schema.ts';
export {
  settingsMachine,
  type SettingsContext,
  type SettingsEvent,
  type SettingsFact,
  type SettingsInput,
} from './settings.ts';
export {
  stateReporterMachine,
  type ReporterConfig,
  type StateReporterContext,
  type StateReporterEvent,
  type StateReporterFact,
  type StateReporterInput,
} from './state-reporter.ts';
export {
  jitteredTimeDelays,
  timeMachine,
  type TimeContext,
  type TimeEvent,
  type TimeFact,
  type TimeInput,
} from './time.ts';
export {
  unitMachine,
  type CommandName,
  type LogLine,
  type UnitContext,
  type UnitEmitted,
  type UnitFact,
  type UnitEvent,
  type UnitCounts,
  type UnitInput,
  type UnitRequest,
} from './unit.ts';
export {
  updateMachine,
  type UpdateChange,
  type UpdateContext,
  type UpdateEnding,
  type UpdateEvent,
  type UpdateFact,
  type UpdateInput,
  type UpdatePhase,
} from './update.ts';
export { wifiMachine, type WifiContext, type WifiEvent, type WifiFact, type WifiGoal, type WifiInput } from './wifi.ts';
