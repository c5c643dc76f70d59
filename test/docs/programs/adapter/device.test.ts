import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startInstance } from 'pepeunit-client/instance';

/** Fails on the calls listed in `plan` (first list, first two joins), keeps the link in `joined`, each call in `calls`. */
const wifiTool = `#!${process.execPath}
const fs = require('node:fs');
const at = (name) => __dirname + '/' + name;
const [verb, ssid] = process.argv.slice(2);
fs.appendFileSync(at('calls'), verb + '\\n');
const plan = JSON.parse(fs.readFileSync(at('plan'), 'utf8'));
if (plan[verb]-- > 0) { fs.writeFileSync(at('plan'), JSON.stringify(plan)); process.exit(9); }
if (verb === 'list') console.log('Neighbour\\nShip 7');
if (verb === 'status' && fs.existsSync(at('joined'))) console.log(fs.readFileSync(at('joined'), 'utf8'));
if (verb === 'leave') fs.rmSync(at('joined'), { force: true });
if (verb === 'join') {
  if (ssid !== 'Ship 7') process.exit(2);
  if (fs.readFileSync(0, 'utf8') !== 'anchor') process.exit(3);
  fs.writeFileSync(at('joined'), ssid);
}
`;
const until = async (what: string, isDone: () => boolean) => {
  const end = Date.now() + 90_000;
  while (!isDone()) {
    assert.ok(Date.now() < end, `too late: ${what}`);
    await pause(50);
  }
};

const put = (path: string, value: unknown) => writeFileSync(path, JSON.stringify(value));

test('it joins the network before it connects, and again when it has lost it', { timeout: 300_000 }, async () => {
  const root = mkdtempSync(join(tmpdir(), 'adapter-'));
  const [repo, device] = [join(root, 'repo'), join(root, 'device')];
  const at = (name: string) => join(device, name);
  for (const folder of [repo, at('figures')]) mkdirSync(folder, { recursive: true });
  put(join(repo, 'env_example.json'), { PUC_WIFI_SSID: '', PUC_WIFI_PASS: '', PUC_MAX_RECONNECTION_INTERVAL: 2000 });
  const commands = ['update', 'env_update', 'schema_update', 'log_sync', 'reset'].map((name) => `${name}/pepeunit`);
  put(join(repo, 'schema_example.json'), {
    input_base_topic: commands,
    output_base_topic: ['state/pepeunit', 'log/pepeunit'],
    input_topic: [],
    output_topic: [],
  });
  writeFileSync(at('wifi-tool'), wifiTool, { mode: 0o755 });
  put(at('plan'), { list: 1, join: 2 });
  put(at('figures/mem_free_kb'), 81_920);
  put(at('figures/mem_used_kb'), 40_960);
  put(at('figures/cur_freq_khz'), 528_000);

  const instance = await startInstance();
  const { operator } = instance;
  const { uuid } = await operator.createUnit({
    name: 'ship',
    folder: repo,
    env: { PUC_WIFI_SSID: 'Ship 7', PUC_WIFI_PASS: 'anchor' },
  });
  put(at('env.json'), await operator.getEnv(uuid));
  put(at('schema.json'), operator.getSchema(uuid));
  let linkedAtConnect = false;
  instance.events.on('connect', () => (linkedAtConnect = existsSync(at('joined'))));

  const unit = spawn(process.execPath, [join(import.meta.dirname, 'main.js')], {
    cwd: device,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(unit, 'exit');
  try {
    await until('the state report is there', () => operator.getUnit(uuid).unit_state !== null);
    const report = operator.getUnit(uuid).unit_state;
    assert.equal(linkedAtConnect, true, 'it joined before it connected');
    assert.deepEqual(
      [report?.['mem_free'], report?.['mem_alloc'], report?.['freq']],
      [81_920_000, 40_960_000, 528_000_000],
    );
    assert.deepEqual(
      JSON.parse(readFileSync(at('plan'), 'utf8')),
      { list: 0, join: 0 },
      'it retried after each failure',
    );
    rmSync(at('joined'));
    await until('it joined again after the network was lost', () => existsSync(at('joined')));
  } finally {
    unit.kill('SIGTERM');
    await ended;
    await instance.stop();
  }
  assert.equal(unit.exitCode, 0, `it stops in order; its calls: ${readFileSync(at('calls'), 'utf8')}`);
  rmSync(root, { recursive: true });
});
