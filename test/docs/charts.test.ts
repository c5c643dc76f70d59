import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as machines from '../../machines/index.ts';
import { outlineOf } from '../diagrams/outline.ts';
import { readStatically, whyNoReader } from '../support/static-reader.ts';

const project = resolve(import.meta.dirname, '../..');

const readable = [
  machines.loggerMachine,
  machines.mqttMachine,
  machines.resetMachine,
  machines.schemaMachine,
  machines.stateReporterMachine,
  machines.timeMachine,
  machines.updateMachine,
  machines.wifiMachine,
];

describe.skipIf(whyNoReader)(`static tools${whyNoReader}`, () => {
  let read: Awaited<ReturnType<typeof readStatically>>;
  beforeAll(async () => {
    read = await readStatically(readable.map(({ id }) => join(project, `machines/${id}.ts`)));
  });

  test.each(readable)('read the whole chart of $id from the text of its file alone (X12)', (machine) => {
    const found = read[readable.indexOf(machine)];
    const lens = { isReentrySeen: false };
    expect(found?.map((one) => outlineOf(one, lens))).toEqual([outlineOf(machine, lens)]);
  });
});
