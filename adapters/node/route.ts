/** A default route of the host. */
export interface DefaultRoute {
  readonly device: string;
  /** `0.0.0.0` when the link itself reaches everything. */
  readonly gateway: string;
}

const isUp = 1;

/** Turns the kernel's hexadecimal address, lowest byte first, into dotted form. */
const dotted = (hex: string): string => [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');

/** The default route of least metric in the text of `/proc/net/route`; `undefined` when there is none. */
export const defaultRouteOf = (table: string): DefaultRoute | undefined =>
  table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, destination, , flags, , , , mask]) =>
        destination === '00000000' && mask === '00000000' && (Number.parseInt(flags ?? '0', 16) & isUp) === isUp,
    )
    .map(([device = '', , gateway = '', , , , metric]) => ({
      device,
      gateway: dotted(gateway),
      metric: Number(metric),
    }))
    .toSorted((a, b) => a.metric - b.metric)
    .map(({ device, gateway }) => ({ device, gateway }))[0];

/** The first IPv4 name server in the text of `/etc/resolv.conf`; `undefined` when there is none. */
export const nameServerOf = (configuration: string): string | undefined =>
  /^[ \t]*nameserver[ \t]+(\d{1,3}(?:\.\d{1,3}){3})(?:\s|$)/m.exec(configuration)?.[1];
