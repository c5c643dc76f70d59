import type { BrokerAddress, BrokerProbe } from '../../services/last-link.ts';

const withinMs = 5_000;

const urlOf = ({ scheme, host, port, path = '/' }: BrokerAddress): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;

const isThere = (address: BrokerAddress, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const socket = new WebSocket(urlOf(address), 'mqtt');
    const end = (answer: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.close();
      resolve(answer);
    };
    const onAbort = () => end(false);
    const timer = setTimeout(onAbort, withinMs);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.addEventListener('open', () => end(true), { once: true });
    socket.addEventListener('error', onAbort, { once: true });
  });

/** Probes brokers by opening a WebSocket; others are never there for a page. */
export const browserBrokerProbe = (): BrokerProbe => ({
  isThere: (address, signal) => isThere(address, signal).catch(() => false),
});
