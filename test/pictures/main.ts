/** Draws docs/demo.svg: what the demo prints on a terminal of 80 columns, which `script` of util-linux gives it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { terminalSvg, type PrintedLine } from './terminal.ts';

const root = join(import.meta.dirname, '../..');
const seconds = 16;

const record = async (): Promise<PrintedLine[]> => {
  const demo = `stty cols 80 rows 24; '${process.execPath}' dist/app/cli/main.js demo --for ${seconds}`;
  const child = spawn('script', ['--quiet', '--return', '--command', demo, '/dev/null'], {
    cwd: root,
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: PrintedLine[] = [];
  let began: number | undefined;
  createInterface(child.stdout).on('line', (text) => {
    began ??= performance.now();
    lines.push({ at: (performance.now() - began) / 1_000, text: text.replaceAll('\r', '') });
  });
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`The demo ended with ${code}.`);
  return lines;
};

await writeFile(join(root, 'docs/demo.svg'), terminalSvg('npx pepeunit-client demo', await record()));
