import { startInstance, type Instance, type InstanceOptions } from '../instance/index.ts';
import { command, exitCode, portIn, type Called } from './command.ts';
import { lockWaitText } from './lock-wait.ts';
import { notesOf } from './note.ts';
import { aborted, interruption, untilAborted } from '../terminal/interruption.ts';
import { columns, painter, print, printText } from '../terminal/output.ts';

const options = {
  host: { type: 'string', value: 'HOST', help: 'Address to listen on. 127.0.0.1 by default.' },
  'http-port': { type: 'string', value: 'PORT', help: 'Port of the REST API. A free one by default.' },
  'mqtt-port': { type: 'string', value: 'PORT', help: 'Port of MQTT over TCP. A free one by default.' },
  'ws-port': { type: 'string', value: 'PORT', help: 'Port of MQTT over WebSocket. A free one by default.' },
  origin: {
    type: 'string',
    value: 'URL',
    help: 'Origin whose pages may use it, such as https://app.test. Those of this machine always may.',
  },
  data: { type: 'string', value: 'DIR', help: 'Store all data in DIR. Without it, data is lost at the end.' },
  json: { type: 'boolean', help: 'Print the addresses and the token as one line of JSON.' },
} as const;

const instanceOptions = (given: Called<typeof options>['options']): InstanceOptions => ({
  host: given.host ?? '127.0.0.1',
  httpPort: portIn('http-port', given['http-port']),
  mqttPort: portIn('mqtt-port', given['mqtt-port']),
  webSocketPort: portIn('ws-port', given['ws-port']),
  ...(given.origin === undefined ? {} : { origins: [given.origin] }),
  ...(given.data === undefined ? {} : { dataDir: given.data }),
});

const asJson = ({ httpUrl, apiUrl, mqttUrl, webSocketUrl, domain, operator }: Instance): string =>
  JSON.stringify({ httpUrl, apiUrl, mqttUrl, webSocketUrl, domain, operatorToken: operator.token });

const asText = ({ apiUrl, mqttUrl, webSocketUrl, operator }: Instance, dataDir: string | undefined): string[] => {
  const paint = painter(process.stdout);
  const rows = columns([
    ['  REST', apiUrl],
    ['  MQTT', mqttUrl],
    ['  MQTT over WebSocket', webSocketUrl],
    ['  Data', dataDir ?? 'in memory, lost at the end'],
  ]);
  return [
    paint('green', 'Pepeunit is running.'),
    '',
    ...rows,
    '',
    'To make a unit of the folder that you are in:',
    '',
    `  API=${apiUrl}`,
    `  TOKEN=${operator.token}`,
    `  curl -s "$API/units" -H "x-auth-token: $TOKEN" -H 'content-type: application/json' -d "{\\"name\\":\\"my unit\\",\\"folder\\":\\"$PWD\\"}"`,
    '',
    'It answers with the uuid of the unit. To write the env.json and schema.json of that unit:',
    '',
    '  curl -s "$API/units/firmware/tar/UUID" -H "x-auth-token: $TOKEN" | tar xf - ./env.json ./schema.json',
    '  chmod 600 env.json',
    '',
    `${paint('bold', 'pepeunit dev')} does all of this for one unit, and runs it.`,
    '',
    paint('dim', 'Ctrl-C stops it.'),
  ];
};

/** `pepeunit instance`: runs an embedded Pepeunit until it is interrupted. */
export const instanceCommand = command(
  {
    name: 'instance',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    about:
      'Runs an embedded Pepeunit (an MQTT broker and the REST API) for development until Ctrl-C. It listens on loopback\n' +
      'only, unless --host names another address.',
    options,
    examples: ['--data instance-data', '--http-port 5291 --mqtt-port 1883'],
  },
  async ({ options: given }) => {
    const wanted = instanceOptions(given);
    const note = notesOf('instance', given);
    using interrupted = interruption();
    const { signal } = interrupted;
    await untilAborted(signal, async () => {
      const instance = await startInstance({
        ...wanted,
        signal,
        log: (event) => {
          if (event.type === 'locked') note(lockWaitText(event.folder, event));
        },
      });
      if (given.json === true) print(asJson(instance));
      else asText(instance, given.data).forEach((line) => printText(line));
      await aborted(signal);
      await instance.stop();
    });
    return exitCode.ok;
  },
);
