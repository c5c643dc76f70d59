import { narrowing, passedThrough, sentAfter, type Equivalent } from './equivalence.ts';

/** Of the machines that keep a document. */
export const ofDocuments: readonly Equivalent[] = [
  ...['schema', 'settings'].flatMap((machine): Equivalent[] => {
    const file = `machines/${machine}.ts`;
    return [
      { file, kind: 'reorder actions', was: "actions: [{ type: 'endPursuit' }, { type: 'adopt'", reason: sentAfter },
      { file, kind: 'reorder actions', was: "actions: [ { type: 'endPursuit' }, { type: 'fail'", reason: sentAfter },
      ...['refreshing.invoke.onError.[0].target', 'refreshing.after.giveUpAfter.[0].target'].map(
        (where): Equivalent => ({
          file,
          kind: 'retarget transition',
          where,
          becomes: "target: 'ready'",
          reason: passedThrough,
        }),
      ),
      ...['waiting', 'ready', 'faulty'].map((state): Equivalent => ({
        file,
        kind: 'retarget transition',
        where: `${state}.always.[0].target`,
        reason: passedThrough,
      })),
    ];
  }),
  ...['schema', 'settings'].flatMap((machine) =>
    ['loading', 'refreshing'].map((state): Equivalent => ({
      file: `machines/${machine}.ts`,
      kind: 'retarget transition',
      where: `${state}.invoke.onDone.target`,
      becomes: "target: 'faulty'",
      reason: passedThrough,
    })),
  ),
  ...[
    ['trying.always.[0].target', "target: 'restoring'"],
    ['trying.always.[1].target', "target: 'restoring'"],
    ['asking.always.target', "target: 'unanswered'"],
    ['unanswered.always.target', "target: 'asking'"],
    ['unanswered.after.askAgainAfter.target', "target: 'connecting'"],
    ['running.always.target', "target: 'judging'"],
    ...['askingBroker', 'comparing'].flatMap((state) =>
      ['invoke.onDone.[1]', 'invoke.onError', 'after.giveUpAfter'].map((way) => [
        `${state}.${way}.target`,
        "target: 'paused'",
      ]),
    ),
  ].map(([where = '', becomes = '']): Equivalent => ({
    file: 'machines/settings.ts',
    kind: 'retarget transition',
    where,
    becomes,
    reason: passedThrough,
  })),
  {
    file: 'machines/settings.ts',
    kind: 'drop operand',
    where: 'actions.beginTrial',
    becomes: 'trial.revision !== tried',
    reason: narrowing,
  },
  { file: 'machines/settings.ts', kind: 'drop statement', was: 'if (!settings) return {};', reason: narrowing },
];
