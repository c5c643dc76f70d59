import { expect } from 'vitest';
import { updateMachine, type UpdateContext } from '../../../machines/update.ts';
import { failing } from '../../support/actors.ts';
import { defineModel, type Seen } from './model.ts';
import { found, regions } from './update-regions.ts';

const target = (commitVersion: string) => ({ commitVersion });
const compiled = { ...target('two'), firmwareLink: 'https://host/two' };

/** What ends a flight. */
const endings = [
  'update.skipped',
  'update.refused',
  'update.finished',
  'update.handedOver',
  'update.failed',
  'update.postponed',
];
const endingsIn = ({ facts }: Seen<UpdateContext>) => facts.filter(({ type }) => endings.includes(type));
const lastOf = ({ facts }: Seen<UpdateContext>, ...types: string[]) =>
  facts.findLast((fact) => types.includes(fact.type));

const runs =
  (id: string) =>
  (seen: Seen<UpdateContext>): void => {
    expect(seen.running).toEqual([id]);
    expect(seen.snapshot.hasTag('busy')).toBe(true);
    expect(seen.context.ending, 'a flight starts without a failure').toBeUndefined();
  };

const runsOnStaged =
  (id: string) =>
  (seen: Seen<UpdateContext>): void => {
    runs(id)(seen);
    expect(seen.context.staged).toEqual({ id: 's1', files: 3, bytes: 4096 });
    expect(seen.facts.findLast(({ type }) => type === 'update.began')).toMatchObject({ target: seen.context.target });
  };

const waits = (seen: Seen<UpdateContext>): void => {
  expect(seen.running.filter((id) => id !== 'askTarget' && id !== 'requestUpdate')).toEqual([]);
  expect(seen.snapshot.hasTag('ready')).toBe(true);
  expect(lastOf(seen, 'update.swapping', 'update.settled')?.type).toBe('update.settled');
};

/** What is on trial proves itself, and is not left alone with it. */
const tries =
  (...ids: string[]) =>
  (seen: Seen<UpdateContext>): void => {
    expect(seen.running).toEqual(ids);
    expect(seen.context.trial).toBeDefined();
    expect(lastOf(seen, 'update.tried', 'update.settled')?.type, 'nothing is reported').toBe('update.tried');
  };

const downloadErrors = [new Error('the archive is refused'), failing('network', 'No connection')];

export const updateModel = defineModel<typeof updateMachine>({
  machine: updateMachine,
  events: [
    { type: 'update.recover' },
    { type: 'update.configure', commitVersion: 'one' },
    { type: 'update.configure', handsOver: true },
    { type: 'update.configure', handsOver: false },
    { type: 'update.start', target: target('one') },
    { type: 'update.start', target: target('two') },
    { type: 'update.start', target: compiled },
    { type: 'update.pursue', target: target('two') },
    { type: 'update.pursue', target: compiled },
    { type: 'broker.up', denied: [] },
    { type: 'broker.up', denied: ['d/input_base_topic/u/update/pepeunit'] },
    { type: 'broker.down' },
    { type: 'broker.denied' },
    { type: 'update.askTarget' },
  ],
  outputs: {
    recover: found,
    askTarget: ['one', 'two'],
    probe: [true, false],
    recall: [{ ageMs: 0 }, { ageMs: 600_000 }, { code: 'offline', ageMs: 0 }],
    download: [{ id: 's1', files: 3, bytes: 4096 }],
    stage: [{ id: 's1', files: 3, bytes: 4096 }],
  },
  errors: { download: downloadErrors, stage: downloadErrors },
  regions,
  invariants: {
    asleep: ({ running, context }) => {
      expect(running).toEqual([]);
      expect(context.next, 'whoever asks wakes it').toBeUndefined();
    },
    recovering: ({ running, facts }) => {
      expect(running).toEqual(['recover']);
      expect(facts.map(({ type }) => type)).not.toContain('update.settled');
    },
    idle: (seen) => {
      expect(seen.running).toEqual([]);
      expect(seen.context.next, 'nothing that was asked for is left').toBeUndefined();
      expect(seen.context.outcome, 'every outcome was told').toBeUndefined();
      expect(lastOf(seen, 'update.swapping', 'update.tried', 'update.settled')?.type).toBe('update.settled');
      const began = seen.facts.filter(({ type }) => type === 'update.began');
      expect(endingsIn(seen).length, 'each flight was told to have ended').toBeGreaterThanOrEqual(began.length);
      if (seen.context.ending) expect(endingsIn(seen).at(-1)).toMatchObject(seen.context.ending);
    },
    waiting: waits,
    'waiting.version': waits,
    'waiting.target': waits,
    'waiting.version.unwanted': ({ context }) => expect(context.pursuit?.retry.attempts ?? 0).toBe(0),
    'waiting.version.postponed': (seen) => {
      expect(seen.context.pursuit?.retry.attempts).toBeGreaterThan(0);
      expect(lastOf(seen, 'update.postponed'), 'what is tried again was told').toBeDefined();
    },
    'waiting.target.answered': ({ context }) => expect(context.unanswered).toBeUndefined(),
    'waiting.target.asking': ({ running, context }) => {
      expect(running).toEqual(['askTarget']);
      expect(context).toMatchObject({ checksVersion: true });
    },
    'waiting.target.requesting': ({ running, context }) => {
      expect(running).toEqual(['requestUpdate']);
      expect(context).toMatchObject({ isCompiled: true, answered: 'two' });
      expect(context.isTargetDue || context.unanswered !== undefined, 'it is an errand').toBe(true);
      expect(context.failed?.version, 'it has not failed before').not.toBe('two');
    },
    'waiting.target.unanswered': (seen) =>
      expect(lastOf(seen, 'update.targetUnknown'), 'what is asked again was told').toBeDefined(),
    checking: () => expect.unreachable('checking is over at once'),
    reconsidering: (seen) => {
      runs('recall')(seen);
      expect(seen.context.failed?.version).toBe(seen.context.target.commitVersion);
    },
    staging: (seen) => {
      runsOnStaged('stage')(seen);
      expect(seen.context.target.firmwareLink).toBeDefined();
    },
    trial: ({ context }) => expect(context.trial).toBeDefined(),
    'trial.proving': ({ context }) => expect(context.trial).toBeDefined(),
    'trial.proving.connecting': tries(),
    'trial.proving.reaching': (seen) => {
      tries('reach')(seen);
      expect(seen.context.isRestOnly).toBe(true);
    },
    'trial.proving.unreached': tries(),
    'trial.proving.asking': (seen) => {
      tries('checkReady')(seen);
      expect(seen.context.denied).toEqual([]);
    },
    'trial.probing': (seen) => {
      tries('probe')(seen);
      expect(seen.context.denied).not.toEqual([]);
    },
    'trial.waiting': (seen) => {
      expect(seen.running.filter((id) => id !== 'noteWait')).toEqual([]);
      expect(seen.context.trial).toMatchObject({ isWaiting: true });
      expect(lastOf(seen, 'update.tried', 'update.settled')?.type).toBe('update.tried');
      expect(seen.facts.filter(({ type }) => type === 'update.waiting').length).toBeLessThanOrEqual(2);
    },
    'trial.resuming': tries('endWait'),
    confirming: tries('confirm'),
    givingUp: () => expect.unreachable('it is decided at once who puts things right'),
    noting: (seen) => {
      expect(seen.running).toEqual(['noteFailure']);
      expect(seen.context.isSupervised).toBe(true);
      expect(seen.context.ending, 'there is a reason').toBeDefined();
    },
    rollingBack: (seen) => {
      expect(seen.running).toEqual(['rollBack']);
      if (seen.context.isSupervised)
        expect(seen.context.trial?.waitedMs, 'others are for the supervisor').toBeGreaterThanOrEqual(86_400_000);
      expect(seen.context.ending, 'there is a reason').toBeDefined();
    },
    telling: (seen) => {
      expect(seen.running).toEqual(['forgetOutcome']);
      expect(lastOf(seen, 'update.confirmed', 'update.rolledBack')).toMatchObject({
        version: seen.context.outcome?.version,
      });
    },
    downloading: runs('download'),
    verifying: runsOnStaged('verify'),
    swapping: runsOnStaged('swap'),
    restarting: (seen) => {
      expect(seen.running).toEqual(['restart']);
      if (!seen.context.ending) runsOnStaged('restart')(seen);
      else expect(seen.facts.findLast(({ type }) => type === 'update.failed')).toMatchObject(seen.context.ending);
    },
    handingOver: runs('handOver'),
    discarding: ({ running, context }) => {
      expect(running).toEqual(['discard']);
      expect(context.ending).toBeDefined();
    },
  },
});
