/** Runs a lab: a long run beside the suite. `node test/lab/run.mjs --help` lists them. The last line is JSON. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** Which way messages take past the MQTT library; a run of each shows what differs. */
const fastPath = { type: 'string', about: 'on, or off, which leaves every packet to the MQTT library (on)' };

/**
 * Every lab: what it does, its options, and what it runs: `files` of vitest, or a `program` of its own, which may
 * be `typescript`. `built` ones run the package as it is built. `operands` reach them as these variables, which may also be set beforehand: no
 * process started here has a token on its command line.
 */
const labs = {
  faults: {
    about: 'faults of brokers, networks, disks, updates and REST: the unit recovers, and loses nothing',
    files: ['faults/faults.lab.ts'],
    built: true,
    options: {
      quick: { type: 'boolean', about: 'only what is over within some seconds' },
      protocol: { type: 'string', about: 'MQTT level of the units, 4 or 5, where the fault names none (found out)' },
      'fast-path': fastPath,
      only: { type: 'string', about: 'only the faults with this text in their names' },
    },
  },
  soak: {
    about: 'a unit that publishes while its broker fails every 20 seconds: nothing grows',
    files: ['soak/soak.lab.ts'],
    built: true,
    options: { minutes: { type: 'string', about: 'how long (10)' } },
  },
  flood: {
    about: 'inbound messages as fast as they come: the heap does not grow, and none is lost',
    program: 'flood/flood.mjs',
    built: true,
    options: {
      messages: { type: 'string', about: 'how many (1000000)' },
      limit: { type: 'string', about: 'bytes that the heap may grow by with each (1)' },
      'fast-path': fastPath,
    },
  },
  reconnects: {
    about: '1,000 units that lose or find a broker together: the broker is not flooded',
    files: ['reconnects/reconnects.lab.ts'],
  },
  hostile: {
    about: 'hostile archives: refused as a whole, with nothing left of them',
    files: ['hostile/hostile.test.ts'],
  },
  'kill-matrix': {
    about: 'updates killed, short of disk or cut from power at each of their steps: one whole version is left',
    files: ['kill-matrix/kill.test.ts', 'kill-matrix/faults.test.ts'],
    built: true,
  },
  'outbox-kills': {
    about: '10,000 messages while broker and unit are killed 50 times: none is lost or out of order',
    files: ['outbox-kills/kills.lab.ts'],
    options: { seed: { type: 'string', about: 'which kills (1)' } },
  },
  differential: {
    about: 'streams of bytes, whole and broken, by the fast path and by the MQTT library alone: the same calls',
    files: ['differential/differential.lab.ts'],
    options: {
      streams: { type: 'string', about: 'how many (100000)' },
      seed: { type: 'string', about: 'the first of them (1)' },
    },
    defaults: { streams: '100000', seed: '1' },
  },
  life: {
    about: 'the whole life of a unit on an instance, as its operator; on an embedded one without URL and TOKEN',
    typescript: 'life/main.ts',
    built: true,
    operands: { URL: 'PEPEUNIT_URL', TOKEN: 'PEPEUNIT_TOKEN' },
    options: {
      unit: { type: 'string', about: 'a unit that is there, for an instance that makes none of a folder' },
      reader: { type: 'string', about: 'a second one' },
    },
  },
  models: {
    about: 'each machine against its table or model, and the root over random steps with faults: it keeps its promises',
    files: ['models/machines.test.ts', 'models/tables/tables.test.ts', 'models/random/random.test.ts'],
    options: {
      steps: { type: 'string', about: 'how many random steps (100000)' },
      seed: { type: 'string', about: 'the first random walk (1)' },
    },
    defaults: { steps: '100000' },
  },
  mutation: {
    about: 'faults in the charts and in the functions beside them: the tests of the machine notice them',
    typescript: 'mutation/main.ts',
    options: {
      mutants: { type: 'string', about: 'how many of them, or "all" (1000)' },
      only: { type: 'string', about: 'only those in files with this text in their paths' },
      seed: { type: 'string', about: 'which of them (1)' },
    },
  },
};

/** Options of every lab. */
const common = { json: { type: 'boolean' }, help: { type: 'boolean' } };

const help = () => {
  const lines = Object.entries(labs).flatMap(([name, { about, operands = {}, options = {} }]) => [
    `  ${name.padEnd(18)}${about}`,
    ...Object.entries(operands).map(([operand, variable]) => `    ${operand.padEnd(16)}or the variable ${variable}`),
    ...Object.entries(options).map(([option, { type, about: what }]) => {
      const usage = type === 'string' ? `--${option} X` : `--${option}`;
      return `    ${usage.padEnd(16)}${what}`;
    }),
  ]);
  return ['Usage: npm run LAB -- [options]', '', ...lines, '', 'The last line of each is JSON.'].join('\n');
};

const run = (command, parameters, env = {}) =>
  spawnSync(command, parameters, { cwd: project, stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1;

const runProgram = ({ program }, values) => {
  const given = Object.entries(values).flatMap(([option, value]) => (value === true ? [] : [`--${option}`, value]));
  return run(process.execPath, ['--expose-gc', `test/lab/${program}`, ...given]);
};

/** Options and operands as variables, such as LAB_MINUTES. */
const variablesOf = ({ operands = {} }, values, given) =>
  Object.fromEntries([
    ...Object.entries(values).map(([option, value]) => [
      `LAB_${option.toUpperCase().replaceAll('-', '_')}`,
      String(value),
    ]),
    ...given.map((operand, at) => [Object.values(operands)[at], operand]),
  ]);

const runTests = ({ files }, name, variables) => {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/lab/vitest.config.ts'];
  const paths = files.map((file) => `test/lab/${file}`);
  return run(process.execPath, [...vitest, ...paths], { ...variables, LAB: name });
};

/** Waits for the program when the user interrupts both, as it has things to undo. */
const runTypeScript = ({ typescript }, variables) => {
  process.on('SIGINT', () => undefined);
  return run(process.execPath, ['--import', './test/lab/typescript.mjs', `test/lab/${typescript}`], variables);
};

/** @returns The exit code. */
const main = ([name = '--help', ...parameters]) => {
  if (name === '--help') {
    console.log(help());
    return 0;
  }
  const lab = Object.entries(labs).find(([known]) => known === name)?.[1];
  if (!lab) throw new TypeError(`There is no lab "${name}".`);
  const { values, positionals } = parseArgs({
    args: parameters,
    options: { ...lab.options, ...common },
    allowPositionals: true,
  });
  if (values.help) return main([]);
  // Not shown: it may be a token.
  if (positionals.length > Object.keys(lab.operands ?? {}).length) throw new TypeError('There are too many operands.');
  const buildCode = lab.built ? run('npm', ['run', '--silent', 'build']) : 0;
  if (buildCode !== 0) return buildCode;
  if (lab.program !== undefined) return runProgram(lab, values);
  const variables = variablesOf(lab, { ...lab.defaults, ...values }, positionals);
  return lab.typescript === undefined ? runTests(lab, name, variables) : runTypeScript(lab, variables);
};

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}\n\n${help()}`);
  process.exitCode = 2;
}
