/** The exports of every platform's entry besides its own `PepeunitClient`. Review each addition: it is public API. */
export type { PepeunitClientOptions, UnitClient } from './client/client.ts';
export type { UnitEvent, UnitHandle } from './client/handle.ts';
export { unitOf, type UnitLogic, type UnitLogicInput, type UnitLogicOptions } from './client/unit-logic.ts';
export type { OutputHandlerOptions } from './client/main-cycle.ts';
export { dirname, type FileManager, type NdjsonOptions } from './client/api/file-manager.ts';
export type { Logger, LogOptions, LogRecord } from './client/api/logger.ts';
export type { SinkName } from './logging/log.ts';
export type { MqttClient, Payload } from './client/api/mqtt-client.ts';
export type {
  DocumentOptions,
  MainCycleOptions,
  MqttOptions,
  UpdateOptions,
  WaitOptions,
} from './client/options/options.ts';
export type { DownloadOptions, RestClient } from './client/api/rest-client.ts';
export { BaseInputTopicType, BaseOutputTopicType } from '../services/base-topics.ts';
export { DestinationTopicType, SearchScope, SearchTopicType, type SchemaManager } from './client/api/schema.ts';
export type { Settings, SettingsPatch } from './client/api/settings.ts';
export type { TimeManager } from './client/api/time-manager.ts';
export type { ConnectOptions, WifiConnectionState, WifiManager } from './client/api/wifi-manager.ts';
export type { Adapters } from './platform.ts';
export type { Codec, StandardSchema } from './messaging/inbound/codec.ts';
export type { InboundMessage } from './messaging/inbound/message.ts';
export type { Codecs, MessageOf, UnitTypes } from './client/api/unit-types.ts';
export type { Keep, KeepPolicy, OutboxOptions, RateLimit } from './messaging/outbound/options.ts';
export type { MessageOptions } from './messaging/outbound/message.ts';
export type { PublishOutcome, PublishResult } from './messaging/outbound/result.ts';
export { AesGcmCipher } from './client/api/cipher.ts';
export type { PublishOptions, Qos, TlsOptions } from '../services/broker.ts';
export type { Cipher } from '../services/cipher.ts';
export type { ReservedEnv } from '../services/env.ts';
export {
  BrokerError,
  CipherError,
  ClientError,
  ClockError,
  FirmwareError,
  PayloadError,
  PepeunitError,
  ProcessError,
  RestError,
  SchemaError,
  SettingsError,
  StorageError,
  WifiError,
  type Failure,
} from '../services/errors.ts';
export type { UnitMetrics } from './client/metrics.ts';
export type { DatedFailure, InboxMetrics, OutboxMetrics } from '../services/metrics.ts';
export type { JsonObject, JsonValue } from '../services/json.ts';
export { LogLevel, logLevelValue, type LogEntry } from '../services/log.ts';
export { RestartMode } from '../services/process-control.ts';
export type { Page, TargetVersion, Unit, UnitNode, UnitNodesPage, UnitsPage } from '../services/rest.ts';
export type { SchemaSection } from '../services/schema.ts';
export type { StateReport } from '../services/system.ts';
