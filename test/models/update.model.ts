import { expect } from 'vitest';
import { updateMachine, type UpdateContext } from '../../machines/update.ts';
import { defineModel, type Seen } from './model.ts';

const target = (commitVersion: string) => ({ commitVersion });

/** What ends a flight. */
const endings = ['update.skipped', 'update.finished', 'update.handedOver', 'update.failed'];
const endingsIn = ({ facts }: Seen<UpdateContext>) => facts.filter(({ type }) => endings.includes(type));

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

const key = ({ commitVersion, handsOver, target: to, next, ending, staged }: UpdateContext) => [
  commitVersion,
  handsOver,
  to,
  next,
  ending?.phase,
  staged.id,
];

export const updateModel = defineModel<typeof updateMachine>({
  machine: updateMachine,
  events: [
    { type: 'update.configure', commitVersion: 'one' },
    { type: 'update.configure', handsOver: true },
    { type: 'update.configure', handsOver: false },
    { type: 'update.start', target: target('one') },
    { type: 'update.start', target: target('two') },
  ],
  outputs: { download: [{ id: 's1', files: 3, bytes: 4096 }] },
  regions: [
    { name: 'restarting after', input: { mode: 'restart_exec', checksVersion: true }, key },
    { name: 'running on', input: { mode: 'no_restart', checksVersion: true }, key },
    {
      name: 'taking over env and schema, whatever the version',
      input: { mode: 'env_schema_only', checksVersion: false },
      uses: (label) => !label.includes('handsOver'),
      key,
    },
  ],
  invariants: {
    idle: (seen) => {
      expect(seen.running).toEqual([]);
      expect(seen.context.next, 'nothing that was asked for is left').toBeUndefined();
      const began = seen.facts.filter(({ type }) => type === 'update.began');
      expect(endingsIn(seen).length, 'each flight was told to have ended').toBeGreaterThanOrEqual(began.length);
      if (seen.context.ending) {
        expect(endingsIn(seen).at(-1)).toEqual({
          type: 'update.failed',
          target: seen.context.target,
          ...seen.context.ending,
        });
      }
    },
    checking: () => expect.unreachable('checking is over at once'),
    downloading: runs('download'),
    verifying: runsOnStaged('verify'),
    swapping: runsOnStaged('swap'),
    restarting: (seen) => {
      runsOnStaged('restart')(seen);
      expect(seen.facts.findLast(({ type }) => type === 'update.swapped')).toMatchObject({ mode: 'restart_exec' });
    },
    handingOver: runs('handOver'),
    discarding: ({ running, context }) => {
      expect(running).toEqual(['discard']);
      expect(context.ending).toBeDefined();
    },
  },
});
