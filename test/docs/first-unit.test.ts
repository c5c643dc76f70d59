import { delimiter, dirname } from 'node:path';
import { expect, test } from 'vitest';
import type { CliRun } from '../support/cli.ts';
import { executable } from '../support/executable.ts';
import { createFolder } from '../support/folder.ts';
import { startNpmRegistry } from '../support/npm/registry.ts';
import { createNpmUser, whyNoNpm, type NpmUser } from '../support/npm/user.ts';
import { until } from '../support/until.ts';
import { blocksIn, pageAt, sectionOf } from './pages.ts';

const guide = pageAt('docs/first-unit.md');
const tools = ['cat', 'chmod', 'curl', 'mkdir', 'tar'].map((name) => executable(name));
const isComplete = whyNoNpm === '' && tools.every((tool) => tool !== undefined);
const port = 20_000 + (process.pid % 10_000);

/** The blocks of commands below a heading. */
const blocksOf = (heading: string): string[] =>
  blocksIn({ path: guide.path, text: sectionOf(guide, heading) }, 'sh').map((block) =>
    block.replaceAll('8181', String(port)),
  );

const printedBy = ({ stdout, stderr }: CliRun): string => stdout() + stderr();

/** Waits until a program has printed something. @returns What was found. */
const printing = (run: CliRun, wanted: RegExp): Promise<RegExpExecArray> =>
  until(() => wanted.exec(printedBy(run)) ?? undefined, { what: `${wanted} of a program of the guide` }).catch(
    (thrown: unknown) => {
      throw new Error(printedBy(run), { cause: thrown });
    },
  );

/** Somebody who follows the guide, and remembers what they set. */
const createReader = (user: NpmUser) => {
  const variables = new Map<string, string>();
  const folders = [...new Set(tools.map((tool) => dirname(tool ?? '')))].join(delimiter);
  const shell = (line: string): string =>
    [`PATH="$PATH${delimiter}${folders}"`, ...[...variables].map(([name, value]) => `${name}='${value}'`), line].join(
      '\n',
    );
  return {
    set: (name: string, value: string) => void variables.set(name, value),
    type: async (block: string) => {
      const { code, stdout, stderr } = await user.type(shell(`set -e\n${block}\nprintf '\\nUUID=%s' "$UUID"`));
      expect(code, `${block}\n${stdout}\n${stderr}`).toBe(0);
      variables.set('UUID', stdout.slice(stdout.lastIndexOf('UUID=') + 'UUID='.length));
      return stdout;
    },
    start: (block: string) => user.start(shell(`exec ${block}`)),
  };
};

test.skipIf(!isComplete)(
  'the first unit comes back from a broken version, by the commands of the guide',
  { timeout: 600_000 },
  async () => {
    const { path, remove } = await createFolder();
    const registry = await startNpmRegistry();
    const running: CliRun[] = [];
    try {
      const reader = createReader(await createNpmUser(path, registry, 'мой юнит 🙂'));
      const typeAll = async (heading: string) => {
        for (const block of blocksOf(heading)) await reader.type(block);
      };
      const start = (block = '') => {
        const run = reader.start(block);
        running.push(run);
        return run;
      };
      await typeAll('Write it');
      const [startInstance, assignments = ''] = blocksOf('Start an instance');
      const [token] = await printing(start(startInstance), /ey[\w-]+\.ey[\w-]+\.[\w-]+/);
      reader.set('TOKEN', token);
      reader.set('API', /^API=(.+)$/m.exec(assignments)?.[1] ?? '');
      await typeAll('Create the unit');
      await typeAll('Install it on a device');
      const [runUnit, readLog = ''] = blocksOf('Run it');
      const unit = start(runUnit);
      await printing(unit, /Connected to MQTT broker/);
      expect(await reader.type(readLog)).toContain('Connected to MQTT broker');
      const [send = '', read = ''] = blocksOf('Send it a message');
      await reader.type(send);
      await until(async () => (await reader.type(read)).includes('Hello, Ada!'), { what: 'the answer to the message' });
      await typeAll('Send it an update');
      await printing(unit, /Update to \S+ is confirmed/);
      await typeAll('Send it a broken one');
      await printing(unit, /version \S+ was rolled back to /);
      await printing(unit, /Update to \S+ was rolled back after its\strial/);
    } finally {
      for (const { child } of running) if (child.exitCode === null && child.pid) process.kill(-child.pid, 'SIGKILL');
      await registry.stop();
      await remove();
    }
  },
);
