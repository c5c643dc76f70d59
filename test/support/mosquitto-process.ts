import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { executable } from './executable.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

/** The program; `undefined` where it is not installed. */
export const mosquittoPath = executable('mosquitto', '/usr/sbin', '/usr/local/sbin');

/** Whether something accepts TCP connections there. */
const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

export interface Mosquitto {
  readonly port: number;
  /** Port of the second listener, WebSocket. */
  readonly webSocketPort: number;
  readonly folder: string;
  /** All that it wrote to its standard error so far: its log, where its configuration says so. */
  said(): string;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** What a mosquitto is started with; `files` are written beside its configuration. */
export interface MosquittoOptions {
  /** Lines of the configuration, before the listeners. `%folder%` stands for the folder of `files`. */
  readonly lines?: readonly string[];
  /** Lines of the first listener. */
  readonly listenerLines?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly webSocketPort?: number;
  /** Whether a user name without a password gets in. @defaultValue true */
  readonly anonymous?: boolean;
}

/** Starts a real mosquitto on loopback, and waits until it listens. */
export const startMosquitto = async (options: MosquittoOptions = {}): Promise<Mosquitto> => {
  if (mosquittoPath === undefined) throw new Error('mosquitto is not installed, and CI must not go without it');
  const folder = mkdtempSync(path.join(tmpdir(), 'pepeunit-mosquitto-'));
  const port = options.port ?? (await freePort());
  const webSocketPort = options.webSocketPort ?? (await freePort());
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(path.join(folder, name), text);
  const lines = [
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    `allow_anonymous ${options.anonymous ?? true}`,
    'persistence false',
    ...(options.lines ?? []),
    `listener ${port} 127.0.0.1`,
    ...(options.listenerLines ?? []),
    `listener ${webSocketPort} 127.0.0.1`,
    'protocol websockets',
  ];
  const file = path.join(folder, 'mosquitto.conf');
  writeFileSync(file, `${lines.join('\n').replaceAll('%folder%', folder)}\n`);
  const child = spawn(mosquittoPath, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`mosquitto ended:\n${said}`);
      return (await accepts(port)) && (await accepts(webSocketPort));
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, webSocketPort, folder, said: () => said, signal: (name) => void child.kill(name), stop };
};
