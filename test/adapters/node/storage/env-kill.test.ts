import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEnv } from '../../../../services/env.ts';
import type { JsonObject } from '../../../../services/json.ts';
import { compileProgram, startCompiled, type Compiled } from '../../../support/compiled.ts';
import { envDocument, tokenOf, unitUuid } from '../../../support/documents.ts';
import { sendJson, startHttpServer, type HttpServer } from '../../../support/http-server.ts';
import { until } from '../../../support/until.ts';
import { temporaryFolder } from '../../../support/folder.ts';

let program: Compiled;
let server: HttpServer;
let answers = 0;

/** What makes an env of the instance useless, now and then. */
const useless: readonly JsonObject[] = [
  { PU_AUTH_TOKEN: '' },
  { PU_AUTH_TOKEN: tokenOf('{"uuid":"11111111-2222-4333-8444-555555555555"}') },
  { PU_DOMAIN: '' },
  { PU_MQTT_HOST: '' },
];

beforeAll(async () => {
  program = await compileProgram(new URL('../../../support/programs/refreshing.ts', import.meta.url));
  server = await startHttpServer((_, response) => {
    answers += 1;
    const changes = answers % 3 === 0 ? useless[answers % useless.length] : undefined;
    sendJson(response, { ...good(), N: answers, FILLING: 'x'.repeat(20_000 + (answers % 7) * 3000), ...changes });
  });
});
afterAll(async () => {
  await server.stop();
  await program.remove();
});

const good = () => envDocument({ PU_DOMAIN: new URL(server.origin).host });
const kills = 12;

test(`env_update is killed ${kills} times: env.json always parses, and is one that the unit can use (U3)`, async () => {
  const path = join(await temporaryFolder(), 'env.json');
  await writeFile(path, JSON.stringify(good()));
  let refused = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const before = answers;
    const { child, printed, end } = startCompiled(program, [path]);
    await until(() => answers > before + 4, { what: 'the env was taken over some times' });
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
    child.kill('SIGKILL');
    expect(await end).toBe('SIGKILL');
    refused += printed().split('refused').length - 1;
    const env = parseEnv(JSON.parse(await readFile(path, 'utf8')));
    expect(env.unitUuid).toBe(unitUuid);
    expect(env.reserved).toMatchObject({ PU_DOMAIN: new URL(server.origin).host, PU_MQTT_HOST: '127.0.0.1' });
    const { N, FILLING } = env.given as { N: number; FILLING: string };
    expect(FILLING).toHaveLength(20_000 + (N % 7) * 3000);
  }
  expect(refused).toBeGreaterThan(0);
});
