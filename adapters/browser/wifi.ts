import type { Wifi } from '../../services/wifi.ts';
import { unmanagedWifi } from '../shared/unmanaged-wifi.ts';

/**
 * The browser's network state: linked while the browser reports that it is online. There is nothing to scan or join.
 */
export const browserWifi = (): Wifi => ({
  ...unmanagedWifi(),
  station: 'browser',
  status: async () => ({ linked: navigator.onLine, isUnmanaged: true }),
  watch: (onStatus) => {
    const ended = new AbortController();
    const watching = { signal: ended.signal };
    globalThis.addEventListener('online', () => onStatus({ linked: true }), watching);
    globalThis.addEventListener('offline', () => onStatus({ linked: false }), watching);
    return () => ended.abort();
  },
});
