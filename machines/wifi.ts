/**
 * Keeps the station linked to the unit's WiFi network.
 *
 *     idle ─connect─▶ checking ─other or none─▶ scanning ─in reach─▶ joining ─ok─▶ linked
 *                       │  ▲                       │                    │            │
 *                       │  └──retryAfter── backingOff ◀──────fail───────┴─lost soon──┤
 *                       ├──────already ours──────────────────────────────────────────┘
 *                       └──the host's own──▶ unmanaged
 *
 * Where the unit is not to manage WiFi, `wifi.assume` leads to `unmanaged`.
 */
import { assign, enqueueActions, setup } from 'xstate';
import { failureOf, type Failure } from '../services/errors.ts';
import type { JoinWifi, ReadWifiStatus, ScanForSsid, WatchWifi, WifiLinkEvent, WifiStatus } from '../services/wifi.ts';
import { backoff, timerMs } from './lib/delays.ts';
import { timedOut } from './lib/failure.ts';
import { ActorHandle, childOf, tell, type Child, type ChildInput } from './lib/parent.ts';
import { slot } from './lib/slot.ts';

/** The network to join. */
export interface WifiGoal {
  ssid: string;
  /** Maximum delay between attempts, milliseconds. */
  maxReconnectionMs: number;
  /** Grows whenever the network or its password changes; an older link is then no longer valid. */
  revision: number;
}

/** Events that the wifi machine accepts, from its parent and from the link watcher. */
export type WifiEvent =
  { type: 'wifi.assume' } | ({ type: 'wifi.connect' } & WifiGoal) | { type: 'wifi.disconnect' } | WifiLinkEvent;

/** Facts that the wifi machine reports to its parent. */
export type WifiFact =
  | { type: 'wifi.up'; ssid?: string }
  | { type: 'wifi.down' }
  /** The unit is to manage the network, and the host does that itself; reported once. */
  | { type: 'wifi.unmanaged' }
  /** The station does not report link changes, so its link is read now and then; reported once for each reason. */
  | { type: 'wifi.unwatchable'; failure: Failure }
  /** An attempt failed; `isRepeated` if the last one failed in the same way. */
  | { type: 'wifi.failed'; failure: Failure; isRepeated: boolean };

export interface WifiInput extends ChildInput<WifiFact> {}

export interface WifiContext extends WifiGoal, Child<WifiFact> {
  /** Whether the network was reported as up. */
  isUp: boolean;
  /** The network that was reported as up; `undefined` for an unmanaged one. */
  upSsid?: string | undefined;
  /** Whether it was reported that the host manages the network. */
  isUnmanagedTold: boolean;
  /** Revision for which the link was last valid; a link from before the start counts as valid. */
  linkedRevision?: number;
  /** Attempts since a link last lasted, whether they failed or not. */
  attempts: number;
  /** Failure of the last attempt. */
  failure?: Failure | undefined;
  /** Why link changes are not reported, as it was told last. */
  unwatchableBy?: string;
}

const notInReach = (ssid: string): Failure => ({
  name: 'WifiError',
  code: 'notFound',
  message:
    ssid === ''
      ? 'PUC_WIFI_SSID is empty: there is no WiFi network to join. Name one in env.json.'
      : `The WiFi network "${ssid}" is not in reach. Check PUC_WIFI_SSID and the distance to the access point.`,
});

export const wifiMachine = setup({
  types: {} as {
    input: WifiInput;
    context: WifiContext;
    events: WifiEvent;
    emitted: WifiFact;
    tags: 'busy' | 'ready' | 'faulty';
  },
  actors: {
    readStatus: slot<ReadWifiStatus>('wifi.readStatus'),
    scan: slot<ScanForSsid>('wifi.scan'),
    join: slot<JoinWifi>('wifi.join'),
    watchLink: slot<WatchWifi>('wifi.watchLink'),
  },
  actions: {
    /** Reports a network as up, unless that is known. */
    reportUp: enqueueActions(({ context, enqueue }, { ssid }: { ssid?: string }) => {
      if (context.isUp && context.upSsid === ssid) return;
      enqueue.assign({ isUp: true, upSsid: ssid });
      tell(enqueue, context, { type: 'wifi.up', ...(ssid !== undefined && { ssid }) });
    }),
    reportUnmanaged: enqueueActions(({ context, enqueue }) => {
      if (context.isUnmanagedTold) return;
      enqueue.assign({ isUnmanagedTold: true });
      tell(enqueue, context, { type: 'wifi.unmanaged' });
    }),
    keepLink: assign(({ context }) => ({
      linkedRevision: context.revision,
      attempts: context.attempts + 1,
      failure: undefined,
    })),
    forgetAttempts: assign({ attempts: 0 }),
    reportUnwatchable: enqueueActions(({ context, enqueue }, { failure }: { failure: Failure }) => {
      if (context.unwatchableBy === failure.message) return;
      enqueue.assign({ unwatchableBy: failure.message });
      tell(enqueue, context, { type: 'wifi.unwatchable', failure });
    }),
    reportDown: enqueueActions(({ context, enqueue }) => {
      if (!context.isUp) return;
      enqueue.assign({ isUp: false });
      tell(enqueue, context, { type: 'wifi.down' });
    }),
    reportFailure: enqueueActions(({ context, enqueue }, { failure }: { failure: Failure }) => {
      const isRepeated = context.failure?.code === failure.code && context.failure.message === failure.message;
      enqueue.assign({ failure, attempts: context.attempts + 1 });
      tell(enqueue, context, { type: 'wifi.failed', failure, isRepeated });
    }),
    keepGoal: assign((_, { ssid, maxReconnectionMs, revision }: WifiGoal) => ({
      ssid,
      maxReconnectionMs,
      revision,
      attempts: 0,
    })),
  },
  guards: {
    /** Whether the link is to the requested network: on a host that does not know its network, to the one last joined. */
    isOurs: ({ context: { ssid, revision, linkedRevision } }, status: WifiStatus) =>
      status.linked &&
      (status.ssid === undefined
        ? linkedRevision === revision
        : status.ssid === ssid && (linkedRevision ?? revision) === revision),
    /** Whether the link was there for a while. */
    hasLasted: ({ context }) => context.attempts === 0,
    /** Whether the same network is asked for again, so that the attempt goes on. */
    isSameGoal: ({ context }, goal: WifiGoal) =>
      context.ssid === goal.ssid &&
      context.revision === goal.revision &&
      context.maxReconnectionMs === goal.maxReconnectionMs,
    isUnmanaged: (_, { isUnmanaged }: WifiStatus) => isUnmanaged === true,
    /** Whether there is a network of that name; hidden ones have none. */
    isInReach: ({ context }, { found }: { found: boolean }) => found && context.ssid !== '',
  },
  delays: {
    checkWithin: 10_000,
    scanWithin: 20_000,
    joinWithin: 10_000,
    recheckAfter: 30_000,
    /** Sooner than `recheckAfter`, which begins it anew. */
    stableAfter: 20_000,
    retryAfter: ({ context }) => timerMs(backoff(context.attempts, 5000, context.maxReconnectionMs)),
  },
}).createMachine({
  id: 'wifi',
  description: 'Keeps the station linked to the WiFi network of the unit.',
  context: ({ input }) => ({
    ssid: '',
    maxReconnectionMs: 60_000,
    revision: 0,
    isUp: false,
    isUnmanagedTold: false,
    attempts: 0,
    ...childOf(input),
  }),
  initial: 'idle',
  on: {
    'wifi.assume': { target: '.unmanaged' },
    'wifi.connect': { target: '.checking', actions: [{ type: 'keepGoal', params: ({ event }) => event }] },
    'wifi.disconnect': { target: '.idle' },
  },
  states: {
    idle: {
      description: 'No network was requested.',
      entry: [{ type: 'reportDown' }],
    },
    unmanaged: {
      description: 'The host manages the network, which is assumed to be up.',
      tags: ['ready'],
      entry: [{ type: 'reportUp', params: {} }],
    },
    checking: {
      description: 'Asks the station for its link.',
      tags: ['busy'],
      on: { 'wifi.connect': { guard: { type: 'isSameGoal', params: ({ event }) => event } } },
      invoke: {
        id: 'readStatus',
        src: 'readStatus',
        input: ({ context }) => ({ unit: context.unit }),
        onDone: [
          {
            guard: { type: 'isUnmanaged', params: ({ event }) => event.output },
            target: 'unmanaged',
            actions: [{ type: 'reportUnmanaged' }],
          },
          { guard: { type: 'isOurs', params: ({ event }) => event.output }, target: 'linked' },
          { target: 'scanning' },
        ],
        onError: {
          target: 'backingOff',
          actions: [{ type: 'reportFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
        },
      },
      after: {
        checkWithin: {
          target: 'backingOff',
          actions: [{ type: 'reportFailure', params: { failure: timedOut('Reading the state of the WiFi station') } }],
        },
      },
    },
    scanning: {
      description: 'Not linked to the requested network, or with another password: scans for it.',
      tags: ['busy'],
      on: { 'wifi.connect': { guard: { type: 'isSameGoal', params: ({ event }) => event } } },
      entry: [{ type: 'reportDown' }],
      invoke: {
        id: 'scan',
        src: 'scan',
        input: ({ context }) => ({ unit: context.unit, ssid: context.ssid }),
        onDone: [
          { guard: { type: 'isInReach', params: ({ event }) => ({ found: event.output }) }, target: 'joining' },
          {
            target: 'backingOff',
            actions: [{ type: 'reportFailure', params: ({ context }) => ({ failure: notInReach(context.ssid) }) }],
          },
        ],
        onError: {
          target: 'backingOff',
          actions: [{ type: 'reportFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
        },
      },
      after: {
        scanWithin: {
          target: 'backingOff',
          actions: [{ type: 'reportFailure', params: { failure: timedOut('Scanning for WiFi networks') } }],
        },
      },
    },
    joining: {
      description: 'Leaves the current network and joins the requested one.',
      tags: ['busy'],
      on: { 'wifi.connect': { guard: { type: 'isSameGoal', params: ({ event }) => event } } },
      invoke: {
        id: 'join',
        src: 'join',
        input: ({ context }) => ({ unit: context.unit, ssid: context.ssid }),
        onDone: { target: 'linked' },
        onError: {
          target: 'backingOff',
          actions: [{ type: 'reportFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
        },
      },
      after: {
        joinWithin: {
          target: 'backingOff',
          actions: [{ type: 'reportFailure', params: { failure: timedOut('Joining the WiFi network') } }],
        },
      },
    },
    linked: {
      description: 'Linked to the requested network.',
      tags: ['ready'],
      entry: [{ type: 'keepLink' }, { type: 'reportUp', params: ({ context }) => ({ ssid: context.ssid }) }],
      invoke: {
        id: 'watchLink',
        src: 'watchLink',
        input: ({ context, self }) => ({ unit: context.unit, owner: new ActorHandle(self) }),
        onError: {
          target: '.unwatched',
          actions: [{ type: 'reportUnwatchable', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
        },
      },
      on: {
        'link.changed': [
          { guard: { type: 'isOurs', params: ({ event }) => event } },
          { guard: 'hasLasted', target: 'checking', actions: [{ type: 'reportDown' }] },
          { target: 'backingOff' },
        ],
        'link.unwatchable': {
          target: '.unwatched',
          actions: [{ type: 'reportUnwatchable', params: ({ event }) => event }],
        },
      },
      after: { stableAfter: { actions: [{ type: 'forgetAttempts' }] } },
      initial: 'watched',
      states: {
        watched: { description: 'The station reports link changes.' },
        unwatched: {
          description: 'The station does not report link changes: its link is read now and then.',
          after: { recheckAfter: { target: '#wifi.checking' } },
        },
      },
    },
    backingOff: {
      description: 'The last attempt failed, or its link did not last; the next comes after a growing delay.',
      tags: ['faulty'],
      entry: [{ type: 'reportDown' }],
      after: { retryAfter: { target: 'checking' } },
    },
  },
});
