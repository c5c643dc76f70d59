/**
 * The ports of a unit: interfaces for writers of adapters, and the actors that plug them into the machines.
 *
 * @packageDocumentation
 */
export * from './broker.ts';
export * from './cipher.ts';
export * from './clock.ts';
export * from './env.ts';
export * from './env-changes.ts';
export { askInstance, askLastBroker, chargeTrial, compareInstances, confirmEnv } from './env-trial.ts';
export type {
  AskInstance,
  AskLastBroker,
  ChargeTrial,
  CompareInstances,
  ConfirmEnv,
  EnvInForce,
  SettingsTrial,
} from './env-trial.ts';
export * from './errors.ts';
export type { OfMachine } from './owner.ts';
export { unitIdOf, type Found, type OfUnit } from './finder.ts';
export * from './firmware.ts';
export { firstJournal, isFlightId, journalName, parseJournal } from './firmware-journal.ts';
export type {
  FailedVersion,
  FirmwareFlight,
  FirmwareJournal,
  FirmwarePhase,
  FirmwareScope,
  TrialFailure,
  TrialTerms,
  UpdateOutcome,
} from './firmware-journal.ts';
export {
  filesKept,
  outcomeTold,
  rollBackDone,
  statusOf,
  swapBegun,
  swapDone,
  swapGivenUp,
  type FirmwareStatus,
  type SwapOrder,
} from './firmware-transitions.ts';
export * from './firmware-trial.ts';
export * from './folders.ts';
export * from './given-documents.ts';
export * from './json.ts';
export { storedKeptEnv, type EnvTrial, type FailedEnv, type KeptEnv } from './kept-env.ts';
export * from './last-link.ts';
export * from './link.ts';
export * from './log.ts';
export * from './main-cycle.ts';
export * from './metrics.ts';
export * from './outbox.ts';
export * from './process-control.ts';
export * from './reset.ts';
export * from './rest.ts';
export * from './schema.ts';
export { isSecretVariable, secretVariables } from './secrets.ts';
export * from './settings.ts';
export * from './shutdown.ts';
export type { Storage } from './storage.ts';
export * from './system.ts';
export * from './trial.ts';
export * from './update.ts';
export * from './wifi.ts';
