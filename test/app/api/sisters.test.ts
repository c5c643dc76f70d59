import { describe, expect, test } from 'vitest';
import * as entry from '../../../app/node.ts';
import { parseEnv } from '../../../services/env.ts';
import { envDocument } from '../../support/documents.ts';
import { resolveOptions } from '../../../app/client/options/options.ts';

const client = new entry.PepeunitClient({
  envFilePath: 'env.json',
  schemaFilePath: 'schema.json',
  logFilePath: 'log.json',
});

/** Where a member is: the client, one of its parts, or what the package exports. */
const places = {
  client,
  mqttClient: client.mqttClient,
  restClient: client.restClient,
  settings: client.settings,
  schema: client.schema,
  fileManager: client.fileManager,
  logger: client.logger,
  timeManager: client.timeManager,
  wifiManager: client.wifiManager,
  cipher: new entry.AesGcmCipher(),
  export: entry,
} as const;
type Place = keyof typeof places;

const snake = /_([a-z])/g;
const camel = (name: string): string => name.replaceAll(snake, (_, letter: string) => letter.toUpperCase());

/** The tables of the MicroPython client: the names that differ from the camel case of theirs are given after a colon. */
const reference: Readonly<Record<Exclude<Place, 'export'>, string>> = {
  client:
    'get_system_state set_mqtt_input_handler set_output_handler subscribe_all_schema_topics publish_to_topics run_main_cycle set_custom_update_handler stop_main_cycle restart_device download_env download_schema set_state_storage get_state_storage perform_update',
  mqttClient:
    'connect disconnect set_input_handler subscribe_all_schema_topics publish is_connected ensure_connected consume_reconnected drop_input',
  restClient:
    'download_update download_env download_schema set_state_storage get_state_storage get_input_by_output get_units_by_nodes',
  settings: 'unit_uuid load_from_file',
  schema: 'update_from_file input_base_topic output_base_topic input_topic output_topic find_topic_by_unit_node',
  fileManager: 'read_json write_json file_exists iter_lines_bytes_cb:iterLinesBytes extract_tar_gz',
  logger: 'debug info warning error critical sync_logs_to_mqtt reset_log',
  timeManager: 'sync_epoch_ms_from_ntp get_epoch_ms',
  wifiManager: 'get_sta is_connected is_wifi_linked scan_has_target_ssid connect_once connect_forever ensure_connected',
  cipher: 'aes_gcm_encode aes_gcm_decode',
};

const rows = Object.entries(reference).flatMap(([place, names]) =>
  names.split(' ').map((name): [string, Place, string] => {
    const [theirs = '', ours = camel(theirs)] = name.split(':');
    return [`${place}.${theirs}`, place as Place, ours];
  }),
);

describe('every row of the reference has its member', () => {
  test.each(rows)('%s', (_, place, member) => {
    expect(Reflect.has(places[place], member)).toBe(true);
  });

  test('utils.dirname', () => {
    expect(entry.dirname('/data/unit/env.json')).toBe('/data/unit');
  });

  test.each<[string, object, Record<string, string>]>([
    [
      'LogLevel',
      entry.LogLevel,
      { Debug: 'Debug', Info: 'Info', Warning: 'Warning', Error: 'Error', Critical: 'Critical' },
    ],
    ['SearchTopicType', entry.SearchTopicType, { UnitNodeUuid: 'unit_node_uuid', FullName: 'full_name' }],
    ['SearchScope', entry.SearchScope, { All: 'all', Input: 'input', Output: 'output' }],
    [
      'DestinationTopicType',
      entry.DestinationTopicType,
      {
        InputBaseTopic: 'input_base_topic',
        OutputBaseTopic: 'output_base_topic',
        InputTopic: 'input_topic',
        OutputTopic: 'output_topic',
      },
    ],
    [
      'BaseInputTopicType',
      entry.BaseInputTopicType,
      {
        UpdatePepeunit: 'update/pepeunit',
        EnvUpdatePepeunit: 'env_update/pepeunit',
        SchemaUpdatePepeunit: 'schema_update/pepeunit',
        LogSyncPepeunit: 'log_sync/pepeunit',
      },
    ],
    [
      'BaseOutputTopicType',
      entry.BaseOutputTopicType,
      { LogPepeunit: 'log/pepeunit', StatePepeunit: 'state/pepeunit' },
    ],
    ['RestartMode', entry.RestartMode, { RestartExec: 'restart_exec', NoRestart: 'no_restart' }],
  ])('the constants of %s, with their values', (_, constants, wanted) => {
    expect(constants).toMatchObject(wanted);
  });
});

describe('what the sister clients have besides has its member', () => {
  test.each<[string, Place, string]>([
    ['apply a local archive', 'client', 'updateFromArchive'],
    ['change the speed of the cycle', 'client', 'setCycleSpeed'],
    ['download any file', 'restClient', 'downloadFile'],
    ['levels as numbers', 'export', 'logLevelValue'],
    ['iterate over the log', 'logger', 'lines'],
    ['change the handlers', 'client', 'setOutputHandler'],
    ['change settings', 'settings', 'update'],
    ['save settings', 'settings', 'save'],
    ['replace the schema', 'schema', 'update'],
    ['append a line of JSON', 'fileManager', 'appendNdjson'],
    ['iterate over lines of JSON', 'fileManager', 'iterNdjson'],
    ['trim lines of JSON', 'fileManager', 'trimNdjson'],
    ['copy a file', 'fileManager', 'copyFile'],
    ['copy a folder', 'fileManager', 'copyDirectory'],
    ['create a folder', 'fileManager', 'createDirectory'],
    ['remove a folder', 'fileManager', 'removeDirectory'],
    ['pack a folder', 'fileManager', 'createTarGz'],
    ['search the base sections', 'export', 'SearchScope'],
    ['the state of WiFi', 'wifiManager', 'connectionState'],
  ])('%s: %s.%s', (_, place, member) => {
    expect(Reflect.has(places[place], member)).toBe(true);
  });

  test.each([
    ['switch MQTT off', 'ffMqttEnable'],
    ['documents without files', 'documents'],
  ])('%s: the option %s', (_, option) => {
    expect(
      resolveOptions({ envFilePath: '', schemaFilePath: '', logFilePath: '' }, (path) => path).options,
    ).toHaveProperty(option);
  });

  test('older names of variables', () => {
    const { reserved, renamed } = parseEnv(
      envDocument({ MINIMAL_LOG_LEVEL: 'Error', WIFI_SSID: 'home', WIFI_PASS: 'x' }),
    );
    expect(reserved).toMatchObject({ PU_MIN_LOG_LEVEL: 'Error', PUC_WIFI_SSID: 'home', PUC_WIFI_PASS: 'x' });
    expect(renamed).toHaveLength(3);
  });

  test('the base sections can be searched', () => expect(entry.SearchScope.Everything).toBe('everything'));
});
