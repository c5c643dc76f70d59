import { expect } from 'vitest';
import { settle } from '../../../../app/testing/settle.ts';
import { tarOf } from '../../../support/tar.ts';
import { faults, restCalls } from './faults.ts';
import { createInvariants } from './invariants.ts';
import { appSteps, instanceSteps, timeSteps } from './steps.ts';
import type { Steps } from './step.ts';
import { createSubject, showWifi, type Subject } from './subject.ts';

/** One thing that happens to a unit. */
export interface Step {
  readonly what: string;
  readonly choice: number;
}

/** What somebody asks for. */
const requests: Steps = { ...appSteps, ...instanceSteps };

/** Ends every fault. */
const mend = ({ world, rude, fillDisk }: Subject): void => {
  const { broker, http } = world;
  world.heal();
  world.allow();
  broker.refuse(undefined);
  broker.thaw();
  for (const call of restCalls) http.delay(call, 0);
  rude.isTwice = false;
  rude.isThrowing = false;
  fillDisk(false);
  showWifi(world);
};

/** Everything that can happen, with how often each kind does. */
export const kinds: readonly { readonly steps: Steps; readonly weight: number }[] = [
  { steps: timeSteps, weight: 5 },
  { steps: instanceSteps, weight: 4 },
  { steps: appSteps, weight: 3 },
  { steps: faults, weight: 4 },
  { steps: { mend }, weight: 2 },
];

const steps: Steps = Object.assign({}, ...kinds.map((kind) => kind.steps)) as Steps;

type Invariants = ReturnType<typeof createInvariants>;

/** Files of a version that can be installed. */
const firmwareOf = async ({ world: { storage } }: Subject): Promise<Uint8Array> => {
  const env = JSON.parse(storage.text('env.json') ?? '{}') as object;
  return tarOf(
    { name: 'env.json', text: JSON.stringify({ ...env, PU_COMMIT_VERSION: 'second' }) },
    { name: 'schema.json', text: storage.text('schema.json') ?? '{}' },
    { name: 'main.js', text: 'second' },
  );
};

/** Work outside the event loop, such as unpacking, is over before the next step. */
const settleWork = async ({ flights }: Subject): Promise<void> => {
  await settle();
  for (let turn = 0; turn < 50 && (flights.now.get('stage') ?? 0) > 0; turn += 1) await settle();
};

/** Another process takes over where the program asked for one. */
const replaceRestarted = async (subject: Subject, { ask, check, forget }: Invariants): Promise<void> => {
  if (!subject.isReplaced()) return;
  ask();
  await subject.replace();
  check();
  forget();
};

/** What the link of a subject has to have. */
const wantedBy = ({ client }: Subject): readonly string[] => {
  const { mqtt } = client.actor.getSnapshot().children;
  return mqtt?.getSnapshot().context.wanted ?? [];
};

const isWhole = (subject: Subject): boolean => {
  const { broker } = subject.world;
  const [clientId = ''] = broker.openClients;
  const granted = broker.subscriptionsOf(clientId).toSorted().join(' ');
  return subject.client.mqttClient.isConnected() && granted === wantedBy(subject).toSorted().join(' ');
};

/** Turns of half a minute in which a unit has to find back, however long it waits by then. */
const maxTurns = 250;

/** Once all faults are over, the unit is online with every topic that it wants. */
const checkRecovery = async (subject: Subject, invariants: Invariants): Promise<void> => {
  mend(subject);
  invariants.ask();
  subject.run();
  await settle();
  subject.track(subject.client.mqttClient.connect());
  for (let turn = 0, whole = 0; turn < maxTurns && whole < 3; turn += 1) {
    await subject.world.advance(30_000);
    await settleWork(subject);
    await replaceRestarted(subject, invariants);
    if (!subject.isRunning()) invariants.ask();
    subject.run();
    whole = isWhole(subject) ? whole + 1 : 0;
  }
  invariants.check();
  const { broker } = subject.world;
  const [clientId = ''] = broker.openClients;
  expect(broker.subscriptionsOf(clientId).toSorted(), 'wanted and granted').toEqual(wantedBy(subject).toSorted());
  expect(subject.client.mqttClient.isConnected(), 'online').toBe(true);
};

/** A stop leaves nothing, and nobody waits for ever. */
const checkStop = async (subject: Subject): Promise<void> => {
  const { world, client } = subject;
  subject.track(client.stopMainCycle());
  await world.until(() => subject.calls.size === 0, 10_000);
  expect(subject.publishing.size, 'publishes that did not settle').toBe(0);
  expect(world.broker.openClients, 'links').toEqual([]);
  expect(world.clock.pending, 'timers').toBe(0);
  expect(world.outbox.isOpen, 'the outbox').toBe(false);
  expect(client.actor.getSnapshot().status).toBe('stopped');
};

/** Takes a unit through steps, holds it to the invariants after each, and to its end. */
export const takeWalk = async (path: readonly Step[]): Promise<void> => {
  const subject = createSubject();
  const invariants = createInvariants(subject);
  const { check, ask } = invariants;
  const { http } = subject.world;
  http.documents.firmware = await firmwareOf(subject);
  await settle();
  check();
  for (const { what, choice } of path) {
    if (what in requests) ask();
    await steps[what]?.(subject, choice);
    await settleWork(subject);
    await replaceRestarted(subject, invariants);
    check();
  }
  await checkRecovery(subject, invariants);
  await checkStop(subject);
};
