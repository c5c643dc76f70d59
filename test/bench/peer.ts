import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { rounded } from './spread.ts';

/** A program that is given orders by lines, and answers by lines. */
class LineProcess {
  readonly child: ChildProcess;
  readonly #waiting = new Map<string, (line: string) => void>();
  readonly #ended: Promise<never>;

  constructor([command = '', ...args]: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#ended = new Promise((_, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code) => reject(new Error(`${command} ended with ${code}`)));
    });
    this.#ended.catch(() => undefined);
    createInterface({ input: this.child.stdout as NonNullable<ChildProcess['stdout']> }).on('line', (line) => {
      const [word = ''] = line.split(' ', 1);
      const resolve = this.#waiting.get(word) ?? this.#waiting.get('');
      this.#waiting.delete(this.#waiting.has(word) ? word : '');
      resolve?.(line);
    });
  }

  /** The next line that begins with a word; any line for none. */
  line(word = ''): Promise<string> {
    const found = new Promise<string>((resolve) => this.#waiting.set(word, resolve));
    return Promise.race([found, this.#ended]);
  }

  order(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async end(): Promise<void> {
    this.child.stdin?.end();
    await this.#ended.catch(() => undefined);
  }
}

/** What is sent through a link: by the peer (`in`) or to it. */
export interface Traffic {
  readonly direction: 'in' | 'out';
  readonly qos: 0 | 1;
  /** Of a payload. */
  readonly bytes: number;
  readonly window: number;
  readonly inputs: number;
}

/** The other end of every measured link: a scripted broker in a process of its own. */
export interface Peer {
  readonly port: number;
  /** What it is written in: only the one in C is fast enough not to be the limit. */
  readonly language: 'C' | 'Node';
  /** Does what a subject asks for: `flood`, `send`, `expect`, or to wait for `received`; resolves once that is done or under way. */
  obey(type: string, order?: string): Promise<void>;
  /** Messages a second with a client in C in the subject's place; `undefined` for a peer that is the limit itself. */
  ceiling(traffic: Traffic): Promise<number | undefined>;
  stop(): Promise<void>;
}

const here = (name: string): string => join(import.meta.dirname, name);

const compile = (folder: string): string | undefined => {
  const program = join(folder, 'peer');
  const { status, error } = spawnSync('cc', ['-O2', '-std=c11', '-D_DEFAULT_SOURCE', '-o', program, here('peer.c')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error !== undefined) return undefined;
  if (status !== 0) throw new Error('cc does not compile peer.c');
  return program;
};

const ceilingMessages = 1_000_000;
const ceilingRoundTrips = 20_000;
/** A ceiling is the best of so many. */
const ceilingTries = 3;

const measureCeiling = async (program: string, peer: LineProcess, port: number, traffic: Traffic): Promise<number> => {
  const { direction, qos, bytes, window, inputs } = traffic;
  const count = window === 1 ? ceilingRoundTrips : ceilingMessages;
  const topics = Array.from({ length: inputs }, (_, at) => `in.example.com/${String(at).padStart(36, '0')}/pepeunit`);
  const words = direction === 'in' ? [count, ...topics] : [bytes, count, window, `o${topics[0] ?? ''}`];
  const arrived = direction === 'out' ? peer.line('expecting').then(() => peer.line('received')) : undefined;
  if (arrived) peer.order(`expect ${count}`);
  const client = new LineProcess([program, direction, String(port), String(qos), ...words.map(String)]);
  if (!arrived) {
    await client.line('subscribed');
    peer.order(`flood ${qos} ${bytes} ${count} ${window}`);
  }
  const nanoseconds = Number(await client.line());
  await arrived;
  await client.end();
  return (count / nanoseconds) * 1e9;
};

/** Starts the peer: the one in C where there is a `cc`, else the one that Node runs. */
export const startPeer = async (): Promise<Peer> => {
  const folder = await mkdtemp(join(tmpdir(), 'pepeunit-peer-'));
  const program = compile(folder);
  const peer = new LineProcess(program === undefined ? [process.execPath, here('peer-fallback.mjs')] : [program]);
  const port = Number((await peer.line('port')).split(' ')[1]);
  let received: Promise<string> | undefined;
  return {
    port,
    language: program === undefined ? 'Node' : 'C',
    obey: async (type, order = '') => {
      if (type === 'expect') {
        const expecting = peer.line('expecting');
        received = peer.line('received');
        peer.order(`expect ${order}`);
        await expecting;
      } else if (type === 'received') {
        await received;
      } else {
        peer.order(`${type} ${order}`);
      }
    },
    ceiling: async (traffic) => {
      if (program === undefined) return undefined;
      const rates: number[] = [];
      while (rates.length < ceilingTries) rates.push(await measureCeiling(program, peer, port, traffic));
      return rounded(Math.max(...rates));
    },
    stop: async () => {
      await peer.end();
      await rm(folder, { recursive: true });
    },
  };
};
