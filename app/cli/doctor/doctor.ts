import { oneLine } from '../../../adapters/shared/log/log-lines.ts';
import { command, exitCode } from '../command.ts';
import { attempt, skipped, type Finding, type Result } from './finding.ts';
import { checkFiles, type FolderFindings } from './files.ts';
import { checkBroker, checkBrokerName, checkClock, checkRest, checkRestName } from './network.ts';
import { columns, painter, print, type Tone } from '../../terminal/output.ts';

const checkNetwork = ({ env, schema }: FolderFindings): Promise<Finding[]> => {
  const checks = {
    'broker name': checkBrokerName,
    broker: checkBroker,
    'REST name': checkRestName,
    REST: checkRest,
    clock: checkClock,
  };
  return Promise.all(
    Object.entries(checks).map(async ([check, run]) =>
      env ? attempt(check, () => run(env, schema)) : skipped(check, 'env.json'),
    ),
  );
};

const tones: Readonly<Record<Result, Tone>> = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' };

const show = (findings: readonly Finding[]): void => {
  const paint = painter(process.stdout);
  const rows = columns(findings.map(({ check, result, detail }) => [result, check, oneLine(detail)]));
  for (const [index, { result }] of findings.entries()) {
    print((rows[index] ?? '').replace(result, paint(tones[result], result)));
  }
};

/** `pepeunit doctor`: checks what a unit needs to run. */
export const doctorCommand = command(
  {
    name: 'doctor',
    operands: '[FOLDER]',
    minOperands: 0,
    maxOperands: 1,
    about:
      'Checks the unit in FOLDER (by default the current one): its files and token, the names and answers of the broker\n' +
      'and the REST API, and the clock. Connects to the broker with the token under its own client id, so that a running\n' +
      'unit keeps its session. Exits with 1 when a check failed.',
    options: { json: { type: 'boolean', help: 'Print the findings as JSON.' } },
  },
  async ({ operands: [folder = '.'], options }) => {
    const files = await checkFiles(folder);
    const findings = [...files.findings, ...(await checkNetwork(files))];
    const isWell = findings.every(({ result }) => result !== 'failed');
    if (options.json === true) print(JSON.stringify({ ok: isWell, findings }));
    else show(findings);
    return isWell ? exitCode.ok : exitCode.failed;
  },
);
