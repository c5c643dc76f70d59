import { readFile } from 'node:fs/promises';
import { command, exitCode } from '../command.ts';
import { print } from '../../terminal/output.ts';
import { brokerChecks } from './broker-checks.ts';
import { brokerAddressIn, type BrokerChoice } from './broker-server.ts';
import { examineAll, type Check } from './check.ts';
import { envFileCheck, settingsCheck, tokenCheck, variablesCheck } from './env-checks.ts';
import { folderCheck, nodeCheck, rightsCheck, spaceCheck } from './host-checks.ts';
import { programChecks } from './program-checks.ts';
import { outboxCheck, supervisorCheck, updateCheck } from './record-checks.ts';
import { countOf, inOrder, printReport } from './report.ts';
import { restChecks } from './rest-checks.ts';
import { schemaFileCheck, schemaOwnerCheck, topicKeysCheck } from './schema-checks.ts';

/** All checks of the unit in a folder, causes before their effects. */
const checksOf = (folder: string, choice: BrokerChoice): readonly Check[] => {
  const place = folderCheck(folder);
  const document = envFileCheck(folder, place);
  const variables = variablesCheck(document);
  const token = tokenCheck(document);
  const schema = schemaFileCheck(folder, place);
  const lastUpdate = updateCheck(folder, place);
  const { clock, checks: rest } = restChecks({ document, variables, token, lastUpdate });
  return [
    nodeCheck(),
    place,
    rightsCheck(folder, place),
    spaceCheck(folder, place),
    document,
    variables,
    token,
    schema,
    schemaOwnerCheck(schema, token),
    settingsCheck(folder, document),
    topicKeysCheck(folder, schema),
    ...programChecks(folder, place),
    clock,
    ...brokerChecks(folder, { document, variables, token, schema }, choice),
    ...rest,
    outboxCheck(folder, place),
    lastUpdate,
    supervisorCheck(folder, place),
  ];
};

/** `pepeunit doctor`: checks what a unit needs to run. */
export const doctorCommand = command(
  {
    name: 'doctor',
    operands: '[FOLDER]',
    minOperands: 0,
    maxOperands: 1,
    about:
      'Checks the unit in FOLDER (by default the current one): its files, settings, token and topics, its program and\n' +
      'records, the disk and the clock, and the way to the broker and the REST API: names, ports, TLS, the login, each\n' +
      'topic, and publishing. Says what is wrong and what to do, the cause first. The broker is the one of env.json; those\n' +
      'of mqtt.brokers stand in the program alone: name one with --broker.\n' +
      '\n' +
      'It changes no file, and connects to the broker under a client id of its own: a running unit keeps its session. To\n' +
      'see whether messages are taken it sends an empty list of log entries. Exits with 1 when a check failed; warnings\n' +
      'alone are no failure.',
    examples: ['my-unit', 'my-unit --json', '--broker mqtts://broker.local --ca authority.pem'],
    options: {
      broker: {
        type: 'string',
        value: 'URL',
        check: brokerAddressIn,
        help: "Check this broker, as one of the program's option mqtt.brokers, in place of the one of env.json.",
      },
      ca: {
        type: 'string',
        value: 'FILE',
        help: "PEM file of the authorities to trust for the broker, as the program's option mqtt.tls.ca. The broker of env.json is then one with TLS.",
      },
      json: { type: 'boolean', help: 'Print the findings as JSON.' },
    },
  },
  async ({ operands: [folder = '.'], options }) => {
    const ca = options.ca === undefined ? undefined : await readFile(options.ca, 'utf8');
    const findings = await examineAll(checksOf(folder, { broker: options.broker, ca }));
    const isWell = countOf(findings, 'failed') === 0;
    if (options.json === true) print(JSON.stringify({ ok: isWell, findings: inOrder(findings) }));
    else printReport(findings);
    return isWell ? exitCode.ok : exitCode.failed;
  },
);
