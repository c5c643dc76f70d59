import {
  BrokerError,
  ClockError,
  FirmwareError,
  ProcessError,
  RestError,
  StorageError,
  WifiError,
} from '../../../../services/errors.ts';
import { of, type Steps } from './step.ts';
import { showWifi } from './subject.ts';

/** The calls of the instance that a unit makes by itself. */
export const restCalls = ['getEnv', 'getSchema', 'getTargetVersion', 'getFirmware', 'requestUpdate'] as const;
const restErrors = [
  () => new RestError('network', 'No route to the instance.'),
  () => new RestError('status', 'The instance is in trouble.', { status: 503 }),
  () => new RestError('status', 'The instance asks to wait.', { status: 429, retryAfterMs: 30_000 }),
  () => new RestError('status', 'The instance refuses the token.', { status: 403 }),
  () => new RestError('malformed', 'The instance answers with a login page.'),
] as const;
const linkErrors = [
  () => new BrokerError('network', 'The cable is out.'),
  () => new BrokerError('closed', 'The broker has ended the link.'),
  () => new BrokerError('timeout', 'The broker fell silent.'),
  () => new BrokerError('takenOver', 'Another session of this client began.'),
  () => new BrokerError('credentials', 'The broker does not know the token.', { reasonCode: 0x86 }),
  () => new BrokerError('quota', 'The broker has enough of this unit.', { reasonCode: 0x97 }),
  () => new BrokerError('protocol', 'The broker speaks another version.', { reasonCode: 0x84 }),
] as const;
const firmwareCalls = [
  'stage',
  'readJson',
  'checkProgram',
  'swap',
  'discard',
  'recover',
  'confirm',
  'rollBack',
] as const;
const wifiCalls = ['status', 'scan', 'join', 'leave'] as const;
const diskCalls = ['read', 'write', 'remove'] as const;
const keys = ['update/pepeunit', 'env_update/pepeunit', 'output/pepeunit', 'state/pepeunit', 'log/pepeunit'] as const;
const jumps = [3_600_000, -3_600_000, 86_400_000 * 400, -86_400_000 * 400, 1_500, -1_500] as const;

const spaceError = () => new StorageError('io', 'No space is left on the device.');

/** What goes wrong, and what mends it. */
export const faults: Steps = {
  // The link.
  cut: ({ world }, choice) => world.broker.cut(of(linkErrors, choice)()),
  refuse: ({ world }, choice) => world.broker.refuse(of(linkErrors, choice)()),
  accept: ({ world }) => world.broker.refuse(undefined),
  freeze: ({ world }) => world.broker.freeze(),
  thaw: ({ world }) => world.broker.thaw(),
  partition: ({ world }) => world.partition(),
  heal: ({ world }) => world.heal(),
  deny: ({ world }, choice) => world.deny(of(keys, choice)),
  denyAll: ({ world }) => world.deny(),
  allow: ({ world }) => world.allow(),
  twice: ({ rude }, choice) => {
    rude.isTwice = choice % 2 === 0;
  },
  noWifi: ({ world }) => world.wifi.vanish('home'),
  wifi: ({ world }) => showWifi(world),
  dropWifi: ({ world }) => world.wifi.drop(),
  otherWifi: ({ world }) => world.wifi.roam('neighbour'),
  brokenWifi: ({ world }, choice) =>
    world.wifi.failNext(of(wifiCalls, choice), new WifiError('io', 'The radio hangs.')),
  // The instance.
  reject: ({ world }, choice) => world.http.fail(of(restCalls, choice), of(restErrors, Math.floor(choice / 7))()),
  late: ({ world }, choice) =>
    world.http.delay(of(restCalls, choice), of([0, 0, 3_000, 90_000], Math.floor(choice / 7))),
  // The clock.
  jump: ({ world }, choice) => world.clock.jump(of(jumps, choice)),
  otherTime: ({ world }, choice) => {
    world.clockSource.offsetMs += of(jumps, choice);
  },
  noTime: ({ world }) => world.clockSource.failNext(new ClockError('timeout', 'The time server does not answer.')),
  // The disk and the host.
  disk: ({ world }, choice) => {
    for (let call = 0; call <= choice % 3; call += 1)
      world.storage.failNext(of(diskCalls, Math.floor(choice / 3)), spaceError());
  },
  diskFull: ({ fillDisk }, choice) => fillDisk(choice % 2 === 0),
  noOutbox: ({ world }) => world.outbox.failNext('open', spaceError()),
  firmware: ({ world }, choice) => world.firmware.fail(of(firmwareCalls, choice), new FirmwareError('io', 'No space.')),
  noMetrics: ({ world }) => world.system.failNext(new Error('The host does not say.')),
  noRestart: ({ world }) => world.process.failNext(new ProcessError('spawn', 'There is no memory.')),
  // The app.
  throw: ({ rude }, choice) => {
    rude.isThrowing = choice % 2 === 0;
  },
};
