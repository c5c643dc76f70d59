import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startInstance } from '../../../app/instance/index.ts';
import { diagnose, expectFirst, startClinic, textIn, type Clinic, type Row } from '../../support/doctored-unit.ts';
import { tokenOf } from '../../support/documents.ts';
import type { JsonObject } from '../../../services/json.ts';
import { nobody } from '../../support/instance.ts';
import { startHttpServer } from '../../support/http-server.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { later } from '../../support/mqtt.ts';
import { freePort } from '../../support/ports.ts';
import { startScriptedBroker } from '../../support/scripted-broker.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic.stop());

type Expected = Omit<Row, 'what'>;

const expectWith = async (env: Parameters<Clinic['patient']>[0], expected: Expected): Promise<void> => {
  const found = await diagnose(await clinic.patient(env), { ...clinic.env, ...env });
  expectFirst(found, { what: '', ...expected });
};

const further = ['broker login', 'topics', 'publishing'];

/** A server whose queue of connections is full, so that it answers nobody. */
const startFullServer = async (): Promise<number> => {
  const source = `const s = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
    () => { console.log(s.address().port); process.kill(process.pid, 'SIGSTOP'); });`;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const sockets: net.Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    child.kill('SIGKILL');
  });
  for (let isOpen = true; isOpen;) {
    const socket = net.connect(Number(line), '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 1500, false)),
    ]);
  }
  return Number(line);
};

describe('the way to the broker', () => {
  test('a name that nobody has', () =>
    expectWith(
      { PU_MQTT_HOST: 'broker.invalid' },
      {
        check: 'broker name',
        says: /(No such name is known: broker\.invalid|No name server answers for broker\.invalid|broker\.invalid can't be looked up)/,
        helps: /PU_MQTT_HOST|network/,
        skips: ['broker port', 'broker TLS', ...further],
      },
    ));

  test('a port that nothing listens on', async () => {
    const port = await freePort();
    await expectWith(
      { PU_MQTT_PORT: port },
      {
        check: 'broker port',
        says: new RegExp(`Nothing listens on 127\\.0\\.0\\.1:${port} \\(ECONNREFUSED\\)`),
        helps: /Start the server there, or correct PU_MQTT_HOST and PU_MQTT_PORT/,
        skips: ['broker TLS', ...further],
      },
    );
  });

  test('a port that does not answer', async () => {
    await expectWith(
      { PU_MQTT_PORT: await startFullServer() },
      { check: 'broker port', says: /does not answer \(ETIMEDOUT\)/, helps: /firewalls/, skips: further },
    );
  });

  test('a server that is no broker', async () => {
    const server = later(await startHttpServer((_, response) => response.writeHead(400).end(clinic.token)));
    await expectWith(
      { PU_MQTT_PORT: Number(new URL(server.origin).port) },
      {
        check: 'broker login',
        says: /is not MQTT|ended the connection/,
        helps: /PU_MQTT_PORT|Open the link again/,
        skips: ['topics', 'publishing'],
      },
    );
  });

  test('a server that says nothing', async () => {
    const server = later(await startScriptedBroker());
    await expectWith(
      { PU_MQTT_PORT: server.port },
      { check: 'broker login', says: /no CONNACK within 10000 ms/, helps: /Check the network and the broker/ },
    );
  });
});

describe('the login', () => {
  test('a token that the instance did not issue', async () => {
    const token = tokenOf(JSON.stringify({ uuid: clinic.unit.uuid, type: 'Unit' }));
    await expectWith(
      { PU_AUTH_TOKEN: token },
      {
        check: 'broker login',
        says: /does not take the token: bad user name or password \(0x86\)/,
        helps: /Download the unit's env/,
      },
    );
  });

  test.each([
    [0x87, /does not let this token in: not authorised \(0x87\)/, /Check that the unit still exists/],
    [0x88, /is not available now \(0x88\)/, /Look at the broker/],
    [0x89, /is busy/, /Try again later/],
    [0x8a, /has banned this client/, /Lift the ban/],
    [0x97, /has reached its quota/, /Raise the limits/],
  ])('CONNACK with reason code %i', async (code, says, helps) => {
    const broker = later(await startScriptedBroker((socket) => socket.end(Buffer.from([0x20, 3, 0, code, 0]))));
    await expectWith(
      { PU_MQTT_PORT: broker.port },
      { check: 'broker login', says, helps, skips: ['topics', 'publishing'] },
    );
  });

  test('a broker of neither version', async () => {
    const broker = later(await startScriptedBroker((socket) => socket.end(Buffer.from([0x20, 2, 0, 1]))));
    await expectWith(
      { PU_MQTT_PORT: broker.port },
      { check: 'broker login', says: /speaks another version of MQTT \(0x01\)/, helps: /MQTT 5 or 3\.1\.1/ },
    );
  });

  test("a broker that takes the unit's own client id alone", async () => {
    const broker = later(await startScriptedBroker((socket) => socket.end(Buffer.from([0x20, 3, 0, 0x85, 0]))));
    const { code, of } = await diagnose(await clinic.patient({ PU_MQTT_PORT: broker.port }), clinic.env);
    expect(code).toBe(0);
    expect(of('broker login')).toMatchObject({
      result: 'skipped',
      detail: expect.stringContaining('which would end its session'),
    });
    expect(of('topics')?.detail).toBe(of('broker login')?.detail);
  });

  test('a broker of MQTT 3.1.1, which says less', async () => {
    const older = await startInstance({ protocol: 4 });
    onTestFinished(() => older.stop());
    const token = tokenOf(JSON.stringify({ uuid: clinic.unit.uuid, type: 'Unit' }));
    await expectWith(
      { PU_MQTT_PORT: Number(new URL(older.mqttUrl).port), PU_AUTH_TOKEN: token },
      { check: 'broker login', says: /bad user name or password \(0x04\)/, helps: /Download the unit's env/ },
    );
  });
});

/** A schema in which one key leads to a node that the unit may not use. */
const schemaWith = (section: string, key: string): Readonly<Record<string, string>> => {
  const keys = clinic.schema[section] as JsonObject;
  const topic = `${textIn(clinic.env, 'PU_DOMAIN')}/${nobody}`;
  return { 'schema.json': JSON.stringify({ ...clinic.schema, [section]: { ...keys, [key]: [topic] } }) };
};

describe('topics', () => {
  test('an input that is denied', async () => {
    const found = await diagnose(await clinic.patient({}, schemaWith('input_topic', 'plain_in')), clinic.env);
    expectFirst(found, {
      what: '',
      check: 'topics',
      says: new RegExp(`The broker denies 1 of 7 inputs: plain_in \\(.*/${nobody}: 0x8[07]\\)`),
      helps: /Download the unit's schema/,
    });
  });

  test("an output that is not the unit's to use", async () => {
    const found = await diagnose(await clinic.patient({}, schemaWith('output_topic', 'plain_out')), clinic.env);
    expectFirst(found, {
      what: '',
      check: 'publishing',
      result: 'warning',
      says: /does not let the unit read its own outputs plain_out \(/,
      helps: /On another broker see its own rules/,
    });
  });
});

describeWithMosquitto('a broker with rules of its own', () => {
  test('messages that are denied', async () => {
    const rules = { lines: ['acl_file %folder%/acl'], files: { acl: 'topic read #\n' } };
    const { port } = later(await startMosquitto(rules));
    await expectWith(
      { PU_MQTT_PORT: port },
      {
        check: 'publishing',
        says: /refuses messages of the unit on log\/pepeunit \(0x87\)/,
        helps: /Download the unit's schema/,
      },
    );
  });

  test('a broker that wants a password', async () => {
    const port = later(await startMosquitto({ anonymous: false })).port;
    await expectWith(
      { PU_MQTT_PORT: port },
      { check: 'broker login', says: /not authorised \(0x87\)/, helps: /Download the unit's env/ },
    );
  });
});
