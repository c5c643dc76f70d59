import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { startHttpServer, type HttpServer } from './support/http-server.ts';

const root = resolve(import.meta.dirname, '..');
let registry: HttpServer;
afterEach(() => registry.stop());

const read = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8')) as Record<string, object>;

/** Runs the audit against a registry that answers so. */
const audit = async (status: number, body: unknown) => {
  registry = await startHttpServer(({ url }, response) => {
    response.writeHead(url.includes('/advisories/bulk') ? status : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  const env = {
    ...process.env,
    npm_config_registry: registry.origin,
    npm_config_fetch_retries: '0',
    npm_config_update_notifier: 'false',
  };
  const run = spawn(process.execPath, [join(root, '.ci/audit.mjs')], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed, [code]] = await Promise.all([text(run.stdout), once(run, 'exit') as Promise<[number]>]);
  return { printed, code };
};

test('the check fails for a known vulnerability in what a user installs, and names the package (C18)', async () => {
  const advisory = {
    id: 1,
    url: 'https://advisories.example/1',
    title: 'lets strangers in',
    severity: 'high',
    vulnerable_versions: '>=0',
    cwe: [],
    cvss: { score: 9, vectorString: null },
  };
  const { printed, code } = await audit(200, { ky: [advisory] });
  expect(printed).toContain('high: ky ');
  expect(code).toBe(1);
});

test('it passes without one (C18)', async () => {
  const { printed, code } = await audit(200, {});
  expect(printed).toMatch(/^audit {4}ok \(\d+ packages\)\n$/);
  expect(code).toBe(0);
});

test('where the registry has no audit it says that nothing was checked, and does not fail (C18)', async () => {
  const { printed, code } = await audit(405, { error: 'Method Not Allowed' });
  expect(printed).toMatch(/^audit {4}NOT CHECKED: the registry gave no audit \(/);
  expect(code).toBe(0);
});

test('the dependencies are few, and each is locked by its digest (C18)', () => {
  expect(Object.keys(read('package.json')['dependencies'] ?? {}).length).toBeLessThanOrEqual(8);
  const packages = Object.entries(read('package-lock.json')['packages'] ?? {}) as [string, { integrity?: string }][];
  expect(packages.filter(([path, { integrity }]) => path !== '' && !integrity).map(([path]) => path)).toEqual([]);
});
