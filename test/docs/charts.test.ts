import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createActor, createMachine, StateMachine, type AnyStateMachine } from 'xstate';
import { beforeAll, describe, expect, test } from 'vitest';
import * as exported from '../../machines/index.ts';
import { delaysOf } from '../../app/diagram/delays.ts';
import { outlineOf } from '../diagrams/outline.ts';
import { fileNameOf } from '../support/machine-names.ts';
import { readStatically, whyNoReader } from '../support/static-reader.ts';

const project = resolve(import.meta.dirname, '../..');

const machines = Object.values(exported).filter((value): value is AnyStateMachine => value instanceof StateMachine);

const chartOf = async (machine: AnyStateMachine): Promise<AnyStateMachine> => {
  const chart = (await import(`../../docs/charts/${fileNameOf(machine)}.ts`)) as { machine: AnyStateMachine };
  return chart.machine;
};

describe.each(machines)('the chart of $id that users may paste', (machine) => {
  test('as data is the whole machine, with delays in milliseconds (X12)', () => {
    const config = JSON.parse(readFileSync(join(project, `docs/charts/${fileNameOf(machine)}.json`), 'utf8')) as object;
    const delays = delaysOf(machine);
    expect(outlineOf(createMachine(config))).toEqual(outlineOf(machine, { delayOf: (name) => String(delays[name]) }));
  });

  test('as a program is the whole machine, and starts (X12)', async () => {
    const chart = await chartOf(machine);
    expect(outlineOf(chart)).toEqual(outlineOf(machine));
    expect(chart.implementations.delays).toEqual(delaysOf(machine));
    const actor = createActor(chart).start();
    expect(actor.getSnapshot()).toMatchObject({ status: 'active' });
    actor.stop();
  });
});

describe.skipIf(whyNoReader)(`static tools${whyNoReader}`, () => {
  const lens = { isReentrySeen: false };
  let own: AnyStateMachine[][];
  let pasted: AnyStateMachine[][];
  beforeAll(async () => {
    own = await readStatically(machines.map((machine) => join(project, `machines/${fileNameOf(machine)}.ts`)));
    pasted = await readStatically(machines.map((machine) => join(project, `docs/charts/${fileNameOf(machine)}.ts`)));
  });

  test.each(machines)('read the whole chart of $id from the text of its file alone (X12)', (machine) => {
    const read = own[machines.indexOf(machine)];
    expect(read?.map((one) => outlineOf(one, lens))).toEqual([outlineOf(machine, lens)]);
  });

  test.each(machines)('read the whole chart of $id that users may paste (X12)', (machine) => {
    const read = pasted[machines.indexOf(machine)];
    expect(read?.map((one) => outlineOf(one, lens))).toEqual([outlineOf(machine, lens)]);
  });
});
