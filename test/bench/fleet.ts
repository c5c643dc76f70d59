/** `npm run bench:fleet`: many units in one process on a mosquitto, beside bare mqtt.js. `-- --help` lists the options. */
import { parseArgs } from 'node:util';
import { startMosquitto } from '../support/mosquitto-process.ts';
import { measureFleet, type FleetMeasurement } from './fleet-row.ts';
import { startInstanceStub } from './instance-stub.ts';
import { machineFacts } from './machine.ts';
import { rounded } from './spread.ts';
import type { Subject } from './subject.ts';

const usage = `Usage: npm run bench:fleet -- [options]

  --units A,B      how many clients are in a process (1000); try 5000
  --seconds N      how long their CPU at rest is measured (60)
  --options JSON   more options of each unit, such as '{"mqtt":{"protocol":5}}'
  --protocol N     MQTT level of all clients, 4 or 5 (4)
  --json           print all as JSON in the last line`;

const { values } = parseArgs({
  options: {
    units: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    options: { type: 'string', default: '{}' },
    protocol: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Fleet {
  readonly name: string;
  readonly subject: Subject;
  readonly hasTime: boolean;
}

const fleets: readonly Fleet[] = [
  { name: 'mqtt.js', subject: 'bare', hasTime: true },
  { name: 'units', subject: 'unit', hasTime: true },
  { name: 'units, no time server', subject: 'unit', hasTime: false },
];

const columns: readonly (readonly [keyof FleetMeasurement, string])[] = [
  ['rssKb', 'RSS each, KiB'],
  ['heapKb', 'heap each, KiB'],
  ['startCpuMs', 'start CPU each, ms'],
  ['startMs', 'start time each, ms'],
  ['idlePercent', 'idle CPU of all, %'],
];

const line = (name: string, cells: readonly (string | number)[]): string =>
  `${name.padEnd(30)}${cells.map((cell) => String(cell).padStart(20)).join('')}`;

const measure = async ({ subject, hasTime }: Fleet, count: number): Promise<FleetMeasurement> => {
  const [broker, stub] = await Promise.all([startMosquitto(), startInstanceStub({ hasTime })]);
  const seconds = Number(values.seconds);
  try {
    return await measureFleet(subject, {
      count,
      idleSeconds: seconds,
      settleSeconds: Math.min(5, seconds),
      restSeconds: Math.min(20, seconds),
      port: broker.port,
      stub,
      protocol: values.protocol === '5' ? 5 : 4,
      options: JSON.parse(values.options) as object,
    });
  } finally {
    await stub.stop();
    await broker.stop();
  }
};

const bench = async (): Promise<void> => {
  const machine = machineFacts();
  const results: (FleetMeasurement & { readonly name: string; readonly count: number })[] = [];
  console.log(
    `${machine.cpu}, ${machine.cores} cores, load ${machine.load.join(' ')}; Node ${machine.node}, mosquitto`,
  );
  console.log('memory and start: of each of the second half; CPU: all threads, in percent of one core');
  console.log(
    line(
      '',
      columns.map(([, head]) => head),
    ),
  );
  for (const count of values.units.split(',').map(Number)) {
    for (const fleet of fleets) {
      const result = await measure(fleet, count);
      results.push({ name: fleet.name, count, ...result });
      console.log(
        line(
          `${count} ${fleet.name}`,
          columns.map(([key]) => rounded(result[key], 3)),
        ),
      );
    }
  }
  if (values.json) console.log(JSON.stringify({ machine, seconds: Number(values.seconds), results }));
};

if (values.help) console.log(usage);
else await bench();
