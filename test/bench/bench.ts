/** `npm run bench`: compares a unit with bare mqtt.js, row by row. `npm run bench -- --help` lists the options. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { machineFacts } from './machine.ts';
import { startPeer, type Peer } from './peer.ts';
import { writeTables } from './readme.ts';
import {
  cells,
  columns,
  conditionLines,
  lineText,
  missedLines,
  titleText,
  type Conditions,
  type Report,
} from './report.ts';
import { judged, type RowResult } from './result.ts';
import type { Row } from './row.ts';
import { rows } from './rows.ts';

const usage = `Usage: npm run bench -- [options]

  --rows A,B       only these rows (all); --list names them
  --pairs N        measurements of each client (7)
  --quick          one short pair of each: shows that it works, and measures nothing
  --options JSON   more options of each unit, such as '{"mqtt":{"protocol":5}}'
  --protocol N     MQTT level of both clients, 4 or 5 (4)
  --readme         write the tables into README.md and docs/benchmark.md
  --from FILE      what a run printed with --json, instead of measuring
  --json           print all as JSON in the last line`;

const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    pairs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    options: { type: 'string', default: '{}' },
    protocol: { type: 'string', default: '4' },
    readme: { type: 'boolean', default: false },
    from: { type: 'string' },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** The rows that have these heads. */
const chosen = (ids: string | undefined): readonly Row[] => {
  if (ids === undefined) return rows;
  const wanted = ids.split(',');
  const known = rows.flatMap(({ heads }) => heads.map(({ id }) => id));
  const unknown = wanted.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new TypeError(`There is no row "${unknown}". There are ${known.join(', ')}.`);
  return rows.filter(({ heads }) => heads.some(({ id }) => wanted.includes(id)));
};

const measureAll = async (peer: Peer, conditions: Conditions): Promise<RowResult[]> => {
  const run = { ...conditions, peer, quick: values.quick };
  const results: RowResult[] = [];
  for (const row of chosen(values.rows)) {
    try {
      const measured = await row.run(run);
      results.push(...measured);
      for (const result of measured) console.log(lineText(cells(result)));
    } catch (error) {
      // The other rows took long enough to be kept.
      console.error(`${row.heads.map(({ id }) => id).join(', ')} could not be measured:`, error);
      process.exitCode = 1;
    }
  }
  return results;
};

const measure = async (): Promise<Report> => {
  const machine = machineFacts();
  const peer = await startPeer();
  const conditions: Conditions = {
    machine,
    pairs: Number(values.pairs ?? (values.quick ? 1 : 7)),
    protocol: values.protocol === '5' ? 5 : 4,
    options: JSON.parse(values.options) as object,
    peer: peer.language,
  };
  for (const line of [...conditionLines(conditions), lineText(columns)]) console.log(line);
  try {
    return { ...conditions, results: await measureAll(peer, conditions) };
  } finally {
    await peer.stop();
  }
};

/** Reads what `--json` printed, and judges it by the targets of today. */
const readReport = async (path: string): Promise<Report> => {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const report = JSON.parse(lines.at(-1) ?? '') as Report;
  const heads = rows.flatMap((row) => row.heads);
  const results = heads.flatMap((head) =>
    report.results.filter(({ id }) => id === head.id).map((result) => judged(head, result)),
  );
  return { ...report, results };
};

const bench = async (): Promise<void> => {
  if (values.readme && (values.rows !== undefined || values.quick)) throw new TypeError('The README has all rows.');
  const report = values.from === undefined ? await measure() : await readReport(values.from);
  if (!values.quick) for (const line of missedLines(report.results)) console.log(line);
  if (values.readme) await writeTables(report);
  if (values.json) console.log(JSON.stringify(report));
};

if (values.help) console.log(usage);
else if (values.list) {
  for (const head of rows.flatMap(({ heads }) => heads)) console.log(`${head.id.padEnd(16)}${titleText(head)}`);
} else await bench();
