import { WifiError } from '../../services/errors.ts';
import type { Wifi } from '../../services/wifi.ts';

/**
 * The network of a host that manages it by itself (wired, a container, an operating system with its own WiFi manager):
 * always linked, nothing to scan or join.
 */
export const unmanagedWifi = (): Wifi => ({
  station: 'unmanaged',
  status: async () => ({ linked: true, isUnmanaged: true }),
  scan: async () => [],
  join: async (ssid) => {
    throw new WifiError(
      'unsupported',
      `This host has no WiFi that the unit may manage, so it can't join ${ssid}. Turn the WiFi manager off.`,
    );
  },
  leave: async () => undefined,
  watch: () => () => undefined,
});
