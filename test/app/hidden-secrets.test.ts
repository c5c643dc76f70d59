import { readFile, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InspectionEvent } from 'xstate';
import { runCli, startNode } from '../support/cli.ts';
import { searchFor } from '../support/canary/search.ts';
import { startHttpServer, type HttpServer } from '../support/http-server.ts';
import { createLiveUnit, type LiveUnit } from '../support/live-unit.ts';
import { until } from '../support/until.ts';

const wifi = 'WiFi "canary" Пароль';

/** What a server that knows the unit's secrets may answer with, one after the other. */
const hostileAnswers = (origin: string, secrets: readonly string[]): readonly (readonly [number, string])[] => {
  const host = origin.replace('http://', '');
  return secrets.flatMap((secret): [number, string][] => [
    [302, `http://${encodeURIComponent(secret)}:x@${host}/`],
    [302, `http://${host}/#${encodeURIComponent(secret)}`],
    [302, `http://${secret.replaceAll(/[^\w.]/g, '')}.example/`],
    [302, `http://x:${encodeURIComponent(secret)}@other.example/`],
    ...[
      `your token ${secret} is wrong`,
      `${'x'.repeat(280)}${secret}`,
      Buffer.from(secret).toString('base64'),
      Buffer.from(`x-auth-token: ${secret}`).toString('base64url'),
      encodeURIComponent(secret),
      JSON.stringify({ secret }),
      secret.toLowerCase(),
    ].map((detail): [number, string] => [403, JSON.stringify({ detail })]),
    [200, secret],
  ]);
};

/** What an observer can see of an event: the event itself and the actor's context, but no references. */
const visible = (event: InspectionEvent): string =>
  JSON.stringify(event, (key, value: unknown) => {
    if (['actorRef', 'parent', 'machine', 'self', 'system', 'children', '_nodes', 'sourceRef'].includes(key)) return;
    return value instanceof Error ? inspect(value, { depth: 10 }) : value;
  });

let live: LiveUnit;
let server: HttpServer;
let secrets: string[];
let leaksIn: ReturnType<typeof searchFor>;
/** What each sink has shown. */
const shown: Record<'console' | 'inspector' | 'events' | 'errors', string[]> = {
  console: [],
  inspector: [],
  events: [],
  errors: [],
};

beforeAll(async () => {
  live = await createLiveUnit({
    ffConsoleLogEnable: true,
    inspect: (event) => void shown.inspector.push(visible(event)),
    adapters: { console: { write: (entry) => void shown.console.push(entry.text), flush: async () => undefined } },
  });
  const env = JSON.parse(await live.read('env.json')) as Record<string, string>;
  secrets = [env['PU_AUTH_TOKEN'], env['PU_SECRET_KEY'], env['PU_ENCRYPT_KEY'], wifi] as string[];
  leaksIn = searchFor(secrets);
  let asked = -1;
  server = await startHttpServer((_, response) => {
    asked += 1;
    const answers = hostileAnswers(server.origin, secrets);
    const [status, body] = answers[asked % answers.length] ?? [500, ''];
    response
      .writeHead(status, status === 302 ? { location: body } : { 'content-type': 'application/json' })
      .end(status === 302 ? '' : body);
  });
  const domain = server.origin.replace('http://', '');
  await writeFile(live.path('env.json'), JSON.stringify({ ...env, PU_DOMAIN: domain, PUC_WIFI_PASS: wifi }));
});
afterAll(async () => {
  await live.stop();
  await server.stop();
});

const failuresOf = async (call: () => Promise<unknown>, times: number): Promise<void> => {
  for (let at = 0; at < times; at += 1) {
    await call().catch((thrown: unknown) => shown.errors.push(inspect(thrown, { depth: 10, showHidden: true })));
  }
};

test('no sink of a unit shows a secret, whatever the server answers, and in no encoding (C1)', async () => {
  const { client, instance, row } = live;
  for (const type of ['settingsFailed', 'schemaFailed', 'updateFailed', 'updateRefused', 'updateBegan'] as const) {
    client.on(type, (event) => void shown.events.push(inspect(event, { depth: 10 })));
  }
  await client.ready();
  const answers = hostileAnswers(server.origin, secrets).length;
  for (const call of [() => client.getStateStorage(), () => client.downloadEnv(), () => client.downloadSchema()]) {
    await failuresOf(call, answers);
  }
  await failuresOf(() => client.performUpdate(), answers);
  for (const command of ['EnvUpdate', 'SchemaUpdate', 'Update'] as const) {
    await instance.operator.sendCommand(row.uuid, command);
  }
  client.setMqttInputHandler(() => {
    throw Object.assign(new Error(`clumsy ${encodeURIComponent(wifi)}`), { cause: secrets });
  });
  await instance.operator.setStateInput(row.unit_nodes.find(({ type }) => type === 'Input')?.uuid ?? '', 'x');
  for (const secret of secrets) client.logger.error(`clumsy ${Buffer.from(`a${secret}`).toString('base64')}`);
  await until(() => shown.console.some((text) => text.includes('The input handler failed')));
  await until(() => instance.operator.logList(row.uuid).unit_logs.some(({ text }) => text.startsWith('clumsy')));
  const sinks = {
    ...shown,
    file: [await live.read('log.json')],
    mqtt: instance.operator.logList(row.uuid).unit_logs.map(({ text }) => text),
    link: [await readFile(live.path('.pepeunit/link.json'), 'utf8')],
    settings: [inspect(client.settings), inspect(client, { depth: 4 }), JSON.stringify(client.metrics())],
  };
  for (const [sink, texts] of Object.entries(sinks)) {
    expect(texts.join('').length, sink).toBeGreaterThan(0);
    expect(texts.flatMap(leaksIn), sink).toEqual([]);
  }
  expect(shown.errors.length).toBeGreaterThan(3 * answers - 1);
  expect(shown.errors.join('')).toContain('***');
});

test('neither does a program that ends by such an error, nor the doctor, nor the supervisor (C1)', async () => {
  const main = live.path('crash.mjs');
  const host = `${secrets[0]?.replaceAll(/[^\w.]/g, '')}.example`;
  await writeFile(
    main,
    `import { PepeunitClient } from ${JSON.stringify(new URL('../../dist/app/node.js', import.meta.url).href)};
     const at = (name) => ${JSON.stringify(live.path('x').slice(0, -1))} + name;
     const client = new PepeunitClient({
       envFilePath: at('env.json'), schemaFilePath: at('schema.json'), logFilePath: at('crash-log.json'),
       mqtt: { brokers: ['mqtt://' + ${JSON.stringify(host)}] },
     });
     await client.ready({ timeoutMs: 1 }).catch(() => undefined);
     await client.getStateStorage();`,
  );
  const crashed = await startNode([main]).ended;
  expect(crashed.stderr).toContain('RestError');
  const doctor = await runCli(['doctor', live.path('')]);
  expect(doctor.stdout).toContain('failed');
  const supervised = await runCli([
    'run',
    live.path(`no ${encodeURIComponent(wifi)} and ${secrets[0]?.slice(-40)}.mjs`),
  ]);
  expect(supervised.stderr).toContain("can't be started");
  const texts = [crashed, doctor, supervised].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  expect(texts.flatMap(leaksIn)).toEqual([]);
});
