import { spawnSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';

const versionOf = (name: string): string => {
  const file = createRequire(import.meta.url).resolve(name);
  const folder = file.slice(0, file.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}/`.length);
  return (JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { version: string }).version;
};

/** The C compiler, in its own words. */
const compiler = (): string | undefined => {
  const { error, stdout } = spawnSync('cc', ['--version'], { encoding: 'utf8' });
  return error ? undefined : stdout.split('\n', 1)[0];
};

/** File systems by the numbers that `statfs` gives. */
const fileSystems: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x01021994: 'tmpfs',
  0x794c7630: 'overlay',
};

/** What a reader has to know of the machine to judge the numbers. */
export const machineFacts = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  load: loadavg().map((load) => Number(load.toFixed(2))),
  os: `${process.platform} ${release()}`,
  /** Where the units' folders are. */
  fileSystem: fileSystems[statfsSync(tmpdir()).type] ?? 'unknown',
  node: process.versions.node,
  mqttJs: versionOf('mqtt'),
  cc: compiler() ?? 'none',
  date: new Date().toISOString().slice(0, 10),
});

export type MachineFacts = ReturnType<typeof machineFacts>;
