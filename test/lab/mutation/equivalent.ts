import { apart, narrowing, neverRead, passedThrough, sentAfter, type Equivalent } from './equivalence.ts';
import { ofDocuments } from './equivalent-documents.ts';
import type { Mutant } from './mutant.ts';

/** Everything that is not tried, and why. */
export const equivalents: readonly Equivalent[] = [
  {
    file: 'machines/lib/retry.ts',
    kind: 'change constant',
    where: 'isTransientStatus',
    reason: 'Neither is a status.',
  },
  {
    file: 'machines/lib/retry.ts',
    kind: 'change constant',
    where: 'retriedAfter.firstMs',
    reason: 'Neither is a status.',
  },

  { file: 'machines/reset.ts', kind: 'reorder actions', was: "entry: [{ type: 'takeRestart' }", reason: sentAfter },

  ...ofDocuments,
  {
    file: 'machines/logger.ts',
    kind: 'retarget transition',
    where: 'interrupted.after.resumeAfter.target',
    reason: 'A broker that goes ends this state, so the sync can go on: the state between is passed through.',
  },
  {
    file: 'machines/logger.ts',
    kind: 'retarget transition',
    where: 'idle.always.[0].target',
    becomes: "target: 'awaitingBroker'",
    reason: passedThrough,
  },

  ...['invoke.onDone.actions', 'invoke.onError.actions', 'after.syncWithin.actions'].map((where): Equivalent => ({
    file: 'machines/time.ts',
    kind: 'reorder actions',
    where: `syncing.${where}`,
    reason: sentAfter,
  })),

  ...['maxReconnectionMs', 'revision', 'attempts'].map((name): Equivalent => ({
    file: 'machines/wifi.ts',
    kind: 'change constant',
    where: `wifiMachine.context.${name}`,
    reason: neverRead,
  })),
  { file: 'machines/wifi.ts', kind: 'reorder actions', where: 'linked.entry', reason: apart },

  { file: 'machines/mqtt.ts', kind: 'reorder actions', where: 'connecting.on.link.opened.actions', reason: sentAfter },
  {
    file: 'machines/mqtt.ts',
    kind: 'reorder actions',
    where: 'connecting.after.connectWithin.[0].actions',
    reason: 'A broker that is silent says nothing of the version: the failure before gives the same one.',
  },
  ...["{ type: 'noteNoNetwork' }", "{ type: 'dropWish' }"].map((first): Equivalent => ({
    file: 'machines/mqtt.ts',
    kind: 'reorder actions',
    was: `actions: [${first}, { type: 'reportOffline'`,
    reason: apart,
  })),
  { file: 'machines/mqtt.ts', kind: 'reorder actions', where: 'open.on.mqtt.connect.[0].actions', reason: apart },
  { file: 'machines/mqtt.ts', kind: 'reorder actions', where: 'waiting.on.mqtt.connect.actions', reason: apart },
  {
    file: 'machines/mqtt.ts',
    kind: 'reorder actions',
    where: 'waiting.entry',
    reason: apart,
  },
  ...['subscribing.on.link.closed.[1].actions', 'subscribing.after.subscribeWithin.actions'].map(
    (where): Equivalent => ({ file: 'machines/mqtt.ts', kind: 'reorder actions', where, reason: apart }),
  ),
  ...['link.refused.[0]', 'link.refused.[1]', 'connectWithin.[0]'].map((where): Equivalent => ({
    file: 'machines/mqtt.ts',
    kind: 'change constant',
    where: `${where}.reenter`,
    reason: 'The target is around the source, which is left and entered either way.',
  })),
  ...['linkRevision', 'retries', 'closures'].map((name): Equivalent => ({
    file: 'machines/mqtt/context.ts',
    kind: 'change constant',
    where: `newMqttContext.${name}`,
    reason: neverRead,
  })),

  ...['asking.invoke.onError', 'asking.after.askWithin', 'requesting.invoke.onError', 'requesting.after.askWithin'].map(
    (where): Equivalent => ({
      file: 'machines/update.ts',
      kind: 'retarget transition',
      where: `${where}.target`,
      reason: passedThrough,
    }),
  ),
  ...[
    'asking.invoke.onDone.[0].actions',
    'requesting.on.broker.down.actions',
    'requesting.invoke.onError.actions',
    'requesting.after.askWithin.actions',
    'checking.always.[3].actions',
  ].map((where): Equivalent => ({ file: 'machines/update.ts', kind: 'reorder actions', where, reason: apart })),
  ...["entry: [{ type: 'endPursuit' }", "actions: [{ type: 'suspect' }"].map((was): Equivalent => ({
    file: 'machines/update.ts',
    kind: 'reorder actions',
    was,
    reason: sentAfter,
  })),
  {
    file: 'machines/update.ts',
    kind: 'change constant',
    where: 'waiting.invoke.input.waitedMs',
    reason: narrowing,
  },
  {
    file: 'machines/update.ts',
    kind: 'retarget transition',
    where: 'unreached.after.reachAgainAfter.target',
    reason: 'Without a link the app is not asked: the state in its place leads back to the original target at once.',
  },
  ...['nothingStaged.files', 'nothingStaged.bytes', 'newUpdateContext.nextProbeMs'].map((where): Equivalent => ({
    file: 'machines/update/context.ts',
    kind: 'change constant',
    where,
    reason: neverRead,
  })),
  ...['trialFailure', 'trialFailure.within', 'spentAfter'].map((where): Equivalent => ({
    file: 'machines/update/failures.ts',
    kind: 'change constant',
    where,
    becomes: '1',
    reason: narrowing,
  })),
  { file: 'machines/update/setup.ts', kind: 'drop statement', was: 'if (!trial) return;', reason: narrowing },
  { file: 'machines/update/setup.ts', kind: 'drop operand', where: 'actions.chargeWait', reason: narrowing },
  { file: 'machines/update/trial.ts', kind: 'change constant', where: 'provingMs.withinMs', reason: narrowing },
  { file: 'machines/update/trial.ts', kind: 'drop statement', where: 'rolledBack', reason: narrowing },

  {
    file: 'machines/unit/routing.ts',
    kind: 'drop operand',
    where: 'rejoinWifi',
    reason: narrowing,
    becomes: 'managesWifi',
  },
  {
    file: 'machines/unit/send.ts',
    kind: 'drop operand',
    where: 'afterFiles',
    becomes: "event.mode === 'env_schema_only'",
    reason: narrowing,
  },
  {
    file: 'machines/unit/routing.ts',
    kind: 'drop operand',
    where: 'obey',
    becomes: 'event.command === command',
    reason: narrowing,
  },
  {
    file: 'machines/unit.ts',
    kind: 'reorder actions',
    where: 'operating.on.command.received.actions',
    reason: sentAfter,
  },
  ...['restart.actions', 'switchOff.actions'].map((where): Equivalent => ({
    file: 'machines/unit.ts',
    kind: 'reorder actions',
    where,
    reason: sentAfter,
  })),
  ...['update.configure', 'logger.toggle', 'mqtt.disconnect', 'wifi.connect'].map((event): Equivalent => ({
    file: 'machines/unit.ts',
    kind: 'reorder actions',
    where: `facts.on.${event}.actions`,
    reason: apart,
  })),
  ...['waiting.always.[0].target', 'turning.always.target'].map((where): Equivalent => ({
    file: 'machines/unit.ts',
    kind: 'retarget transition',
    where,
    reason: passedThrough,
  })),
  {
    file: 'machines/unit.ts',
    kind: 'reorder actions',
    where: 'restOnly.entry',
    reason: 'Each of them goes to another receiver.',
  },
  {
    file: 'machines/unit.ts',
    kind: 'reorder actions',
    where: 'stopped.exit',
    reason: 'The action of the app reads nothing of the start.',
  },
  {
    file: 'machines/unit/context.ts',
    kind: 'drop operand',
    where: 'isRequestToChild',
    becomes: "requestTypes[type as UnitRequest['type']] === 'child'",
    reason: 'What every object inherits is not this word.',
  },
  {
    file: 'machines/unit.ts',
    kind: 'change constant',
    where: 'restart.guard.params',
    reason: 'The guard reads the name of the child alone.',
  },
  {
    file: 'machines/unit.ts',
    kind: 'drop guard',
    where: 'notices.on.*.guard',
    reason: 'The action does nothing for an event without a notice.',
  },
  {
    file: 'machines/unit/routing.ts',
    kind: 'drop operand',
    where: 'keepLink',
    becomes: 'isLinkWanted && !isLeaving && isRestOnly !== true',
    reason: narrowing,
  },
];

/** Whether a mutant is one that an entry names. */
export const isNamedBy = ({ file, kind, where = '', was = '', becomes }: Equivalent, mutant: Mutant): boolean =>
  mutant.file === file &&
  mutant.kind === kind &&
  `.${mutant.where}`.endsWith(where === '' ? '' : `.${where}`) &&
  mutant.was.startsWith(was) &&
  (becomes === undefined || becomes === mutant.becomes);

/** Whether a mutant is known to behave like its original. */
export const isEquivalent = (mutant: Mutant): boolean => equivalents.some((entry) => isNamedBy(entry, mutant));
