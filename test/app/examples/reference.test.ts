import { cp, readFile, writeFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startNode } from '../../support/cli.ts';
import { createYard } from '../../support/supervised-unit.ts';
import { timePacket } from '../../support/time-packet.ts';
import { timeServer } from '../../support/time-server.ts';
import { until } from '../../support/until.ts';

const example = resolve(import.meta.dirname, '../../../dist/app/examples/reference');

const isProgramFile = (path: string): boolean => ['', '.js', '.json'].includes(extname(path));

/** Options of Node by which a program that asks the NTP port asks another one. */
const askingPort = (port: number): string => {
  const source = `import { Socket } from 'node:dgram';
    const { connect } = Socket.prototype;
    Socket.prototype.connect = function (port, ...rest) {
      return connect.call(this, port === 123 ? ${port} : port, ...rest);
    };`;
  return `--import=data:text/javascript,${encodeURIComponent(source)}`;
};

/** Starts the example as a process of its own, linked to a neighbour. */
const startExample = async (variables: NodeJS.ProcessEnv) => {
  const yard = await createYard();
  onTestFinished(yard.stop);
  const { operator } = yard.instance;
  const folder = join(yard.root, 'unit');
  await cp(example, folder, { recursive: true, filter: isProgramFile });
  const unit = await operator.createUnit({ name: 'unit', folder, env: { PU_MIN_LOG_LEVEL: 'Debug' } });
  const neighbour = await operator.createUnit({ name: 'neighbour', folder });
  const node = (row: typeof unit, key: string) =>
    row.unit_nodes.find(({ topic_name: name }) => name === key)?.uuid ?? '';
  await operator.createEdge(node(unit, 'output/pepeunit'), node(neighbour, 'input/pepeunit'));
  await writeFile(join(folder, 'env.json'), JSON.stringify(await operator.getEnv(unit.uuid)));
  await writeFile(join(folder, 'schema.json'), JSON.stringify(operator.getSchema(unit.uuid)));

  const run = startNode([join(folder, 'main.js')], { env: variables });
  onTestFinished(async () => {
    run.child.kill('SIGKILL');
    await run.ended;
  });
  const printed = () => run.stdout() + run.stderr();
  const hear = (text: string) =>
    until(() => printed().includes(text), { what: `"${text}"` }).catch((error: unknown) => {
      throw new Error(printed(), { cause: error });
    });
  return {
    neighbour,
    hear,
    printed,
    send: (text: string) => operator.setStateInput(node(unit, 'input/pepeunit'), text),
    /** What the unit has published on its output, in order. */
    outputs: () =>
      yard.events
        .filter((event) => event.type === 'published')
        .filter((event) => event.unit === unit.uuid && event.key === 'output/pepeunit')
        .map(({ payload }) => Buffer.from(payload).toString()),
    log: () => readFile(join(folder, 'log.json'), 'utf8'),
    remoteLog: () => operator.logList(unit.uuid).unit_logs.map(({ text }) => text),
    /** Ends the program as a host does. @returns Its exit code. */
    end: async () => {
      run.child.kill('SIGTERM');
      return (await run.ended).code;
    },
  };
};

/** Expects what was published before the start, and then numbers. */
const expectOutputs = async (outputs: () => readonly string[]) => {
  await until(() => outputs().length > 2, { what: 'three messages on its output' });
  expect(outputs()).toEqual([
    'boot',
    ...outputs()
      .slice(1)
      .map(() => expect.stringMatching(/^\d+$/)),
  ]);
};

test('runs with a time server, uses each part of the client, and ends at SIGTERM', async () => {
  const now = Date.UTC(2031, 2, 4);
  const { host, port } = await timeServer((request, reply) =>
    reply(timePacket(request, { receivedMs: now, sentMs: now })),
  );
  const unit = await startExample({ NTP_HOST: host, NODE_OPTIONS: askingPort(port) });
  await unit.hear('Init Success: time 2031-03-04T');
  await unit.hear('Send to output/pepeunit');
  const said = [
    'Success set state',
    'Success get state: This line is kept by the instance',
    'Found 1 unit nodes',
    'Found 1 units',
    `Unit: neighbour (UUID: ${unit.neighbour.uuid})`,
    'Decoded data: a text of the unit',
  ];
  await until(() => said.every((text) => unit.remoteLog().includes(text)), { what: 'its log on the instance' });
  await expectOutputs(unit.outputs);
  await unit.send('42');
  await unit.hear('Get from input/pepeunit: 42');
  await unit.send('жук');
  await unit.hear('Value is not a number: жук');
  expect(await unit.end()).toBe(0);
  expect(await unit.log()).toContain('Get from input/pepeunit: 42');
  expect(unit.printed()).not.toMatch(/failed|Error with reset/);
});

test('goes on without a time server', async () => {
  const unit = await startExample({ NTP_HOST: 'no-such-host.invalid' });
  await unit.hear('Init Success: time not synced');
  await expectOutputs(unit.outputs);
  await unit.send('-7');
  await unit.hear('Get from input/pepeunit: -7');
  expect(await unit.end()).toBe(0);
});

test('ends at a SIGTERM that comes while it still asks for the time', async () => {
  const { host, port, requests } = await timeServer(() => undefined);
  const unit = await startExample({ NTP_HOST: host, NODE_OPTIONS: askingPort(port) });
  await until(() => requests.length > 0, { what: 'a question to the time server' });
  expect(await unit.end()).toBe(0);
  expect(unit.printed()).not.toContain('Error with reset');
});
