/** The hardware of this board: its `wifi-tool` and its figures in a folder like /sys. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { WifiError } from 'pepeunit-client';
import type { System, Wifi, WifiStatus } from 'pepeunit-client/services';

/** wifi-tool exits with 0 done, 2 no such network, 3 wrong password, else a fault of the radio. */
export const toolWifi = (tool: string, station = 'wl0', pollMs = 500): Wifi => {
  const run = async (args: readonly string[], signal?: AbortSignal, input = '') => {
    try {
      const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'ignore'], ...(signal && { signal }) });
      const closed = new Promise<number>((resolve, reject) => {
        child.once('error', reject).once('close', (code) => resolve(code ?? -1));
      });
      child.stdin.on('error', () => {}).end(input);
      const [code, output] = await Promise.all([closed, text(child.stdout)]);
      return { code, lines: output.split('\n').filter(Boolean) };
    } catch (cause) {
      if (signal?.aborted) throw new WifiError('timeout', `${tool} took too long.`, { cause });
      throw new WifiError('io', `${tool} can't be run.`, { cause });
    }
  };
  const ok = ({ code, lines }: Awaited<ReturnType<typeof run>>, what: string) => {
    if (code === 2) throw new WifiError('notFound', `${what}: there is no such network.`);
    if (code === 3) throw new WifiError('credentials', `${what}: the password is refused.`);
    if (code !== 0) throw new WifiError('io', `${what}: wifi-tool ended with ${code}.`);
    return lines;
  };
  const status = async (): Promise<WifiStatus> => {
    const [ssid] = ok(await run(['status']), 'status');
    return ssid ? { linked: true, ssid } : { linked: false };
  };
  return {
    station,
    status,
    scan: async (signal) => ok(await run(['list'], signal), 'list'),
    join: async (ssid, password, signal) => void ok(await run(['join', ssid], signal, password), `join ${ssid}`),
    leave: async () => void ok(await run(['leave']), 'leave'),
    watch: (onStatus) => {
      // The tool can't notify: look regularly. A tool that fails says nothing of the link.
      const timer = setInterval(() => void status().then(onStatus, () => {}), pollMs);
      return () => clearInterval(timer);
    },
  };
};

/** A file's number times a thousand; `undefined` where it can't be read. */
const thousands = async (path: string): Promise<number | undefined> =>
  readFile(path, 'utf8').then(
    (value) => Number(value) * 1000,
    () => undefined,
  );

/** Memory in kB and frequency in kHz, as files; a figure that can't be read is left out. */
export const fileSystemFigures = (folder: string): System => ({
  measure: async () => {
    const names = ['mem_free_kb', 'mem_used_kb', 'cur_freq_khz'];
    const [free, used, freq] = await Promise.all(names.map((name) => thousands(join(folder, name))));
    const figures = { mem_free: free, mem_alloc: used, freq };
    return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined));
  },
});
