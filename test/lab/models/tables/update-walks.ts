import type { FirmwareStatus } from '../../../../services/firmware-transitions.ts';
import { requestFaults } from './requests.ts';
import type { TableWalk } from './table.ts';
import type { Context } from './update-effects.ts';

const plain = { commitVersion: 'two' };
const payload = { COMMAND: 'Update' };
const linked = { ...plain, firmwareLink: 'https://host/two', payload };
const stagedFirmware = { id: 's1', files: 3, bytes: 4_096 };

/** What others may send. */
export const updateEvents = [
  { type: 'update.recover' },
  { type: 'update.configure', commitVersion: 'one' },
  { type: 'update.configure', handsOver: true },
  { type: 'update.configure', handsOver: false },
  ...['update.start', 'update.pursue'].flatMap((type) =>
    [
      { commitVersion: 'one' },
      plain,
      linked,
      { ...linked, firmwareLink: 'https://host/other' },
      { ...plain, staged: stagedFirmware },
      { commitVersion: '' },
    ].map((target) => ({ type, target })),
  ),
  { type: 'update.askTarget' },
  { type: 'broker.up', denied: [] },
  { type: 'broker.up', denied: ['d/a', 'd/b'] },
  { type: 'broker.down' },
  { type: 'broker.denied' },
  { type: 'broker.denied', topics: ['d/a'] },
];

const terms = { maxStarts: 3, healthyWithinMs: 60_000 };
const onTrial = (starts: number, change: Partial<NonNullable<FirmwareStatus['trial']>> = {}): FirmwareStatus => ({
  phase: 'trial',
  trial: { from: 'one', to: 'two', starts, ...terms, ...change },
});
const kept = { folder: '.pepeunit/kept/two', count: 1, names: ['notes.txt'] };
const settled: FirmwareStatus = { phase: 'settled' };
const problem = { name: 'FirmwareError', code: 'journal', message: 'it is damaged' };
const failedVersion = (change: object = {}): FirmwareStatus => ({
  phase: 'settled',
  failed: { version: 'two', reason: 'it hung', ...change },
});

const almostADay = 24 * 3_600_000 - 10_000;
/** What an earlier start may have left. */
const left = {
  settled,
  first: onTrial(1, { kept }),
  second: onTrial(2, { kept, failure: { reason: 'it hung' } }),
  last: onTrial(3, { healthyWithinMs: 20_000, offlineMs: 5_000_000 }),
  spent: onTrial(4),
  patient: onTrial(1, { healthyWithinMs: 3_000_000_000, offlineMs: 0 }),
  waiting: onTrial(0, { isWaiting: true, waitedMs: almostADay, kept }),
  waitingAgain: onTrial(1, { isWaiting: true, waitedMs: 15_000, kept }),
  overdue: onTrial(1, { isWaiting: true, waitedMs: 5_000_000, offlineMs: 4_000_000 }),
  spentWaiting: onTrial(4, { isWaiting: true, waitedMs: 15_000 }),
  damaged: { ...onTrial(1), problem },
  failed: failedVersion(),
  failedOther: { ...onTrial(1), failed: { version: 'zero', reason: 'it hung' } },
  failedSame: { ...onTrial(1), failed: { version: 'two', reason: 'it hung' } },
  confirmed: { phase: 'settled', outcome: { version: 'two', result: 'confirmed' } },
  rolledBack: { phase: 'settled', outcome: { version: 'two', result: 'rolledBack', reason: 'it hung' } },
  rolledBackWhy: { phase: 'settled', outcome: { version: 'two', result: 'rolledBack' } },
} satisfies Record<string, FirmwareStatus>;

export const outputs = {
  recover: Object.values(left),
  askTarget: ['one', 'two', 'three', ''],
  recall: [{ ageMs: 599_999 }, { ageMs: 600_000 }, { code: 'offline', ageMs: 0 }],
  download: [stagedFirmware],
  stage: [{ ...stagedFirmware, files: 4 }],
  probe: [true, false],
  reach: ['two'],
};

const fetching = requestFaults.map(({ error }) => error);
export const updateErrors = { askTarget: fetching, requestUpdate: fetching, download: fetching, stage: fetching };

export const updateInput = {
  mode: 'restart_exec',
  checksVersion: true,
  isCompiled: false,
  isSupervised: false,
} as const;

type Input = Partial<Pick<Context, 'mode' | 'checksVersion' | 'isCompiled' | 'isSupervised' | 'isRestOnly'>>;
const of = (input: Input) => ({ input, context: input });
const after = (status: FirmwareStatus, ...then: readonly string[]) => ({
  prelude: [
    'update.configure {"commitVersion":"one"}',
    'update.recover',
    `recover done ${JSON.stringify(status)}`,
    ...then,
  ],
});

const flight = (context: Context) => [
  context.commitVersion,
  context.handsOver,
  context.target,
  context.next,
  context.ending?.phase,
  context.staged.files,
  context.placed,
  context.failed?.version,
];
const trial = ({ trial: now, ...context }: Context) =>
  now && [
    now.isWaiting,
    (now.waitedMs ?? 0) >= 24 * 3_600_000,
    Math.min(context.probes, 2),
    context.isSuspect,
    context.isDenied,
    context.lastDenied.length,
    context.denied?.length,
    context.ending?.phase,
  ];
const errand = (context: Context) => [
  context.isTargetDue,
  context.denied?.length,
  context.unanswered !== undefined,
  context.answered,
  context.target.commitVersion,
  context.pursuit && Math.min(context.pursuit.retry.attempts, 1),
  context.pursuit && context.pursuit.retry.askedMs > 0,
];

const started = (target: object) => `update.start ${JSON.stringify({ target })}`;
const pursued = (target: object) => `update.pursue ${JSON.stringify({ target })}`;
const commanded = (target: object) => [pursued(target), started(target)];

const isOfFlight = (label: string) =>
  !/broker|[aA]sk|pursue|recover|RestError|configure.*one|"commitVersion":""|staged/.test(label);
const isOfTrial = (label: string) =>
  /broker|[rR]each|checkReady|[pP]robe|Wait|healthy|confirm|note|rollBack|[rR]estart|tell|forget|askWithin/.test(label);
const isOfQuestion = (label: string) => /broker\.(up .*\[\]|down)|[aA]sk|requestUpdate/.test(label);
const isOfRetry = (label: string) => /download|verify|stage|discard|retryAfter/.test(label);

/** Together they try each part of what happens to a unit's versions, with what matters to it. */
export const updateWalks: readonly TableWalk<Context>[] = [
  {
    // Everything, with little told apart.
    ...of({ isCompiled: true }),
    key: ({ denied: topics }) => [topics?.length],
  },
  // Everything that may happen in a trial.
  ...([{ isRestOnly: true }, { isSupervised: true }] as const).map((input) => ({
    ...of(input),
    ...after(left.first),
    key: ({ denied: topics, isTargetDue }: Context) => [topics?.length, isTargetDue],
  })),
  // Everything that may happen to a command for a version that failed before, to one that waits, and to one for the app.
  ...[
    after(left.failed, started(plain)),
    after(left.settled, ...commanded(linked), 'download fails: RestError: No connection.'),
    after(left.settled, 'update.configure {"handsOver":true}', started(plain)),
  ].map((prelude) => ({
    ...of({ isCompiled: true }),
    ...prelude,
    uses: (label: string) => !/recover (done|fails)/.test(label),
    key: ({ handsOver, denied: topics, pursuit }: Context) => [
      handsOver,
      topics?.length,
      pursuit && Math.min(pursuit.retry.attempts, 1),
    ],
  })),
  // What an earlier start has left.
  ...([{}, { isSupervised: true }] as const).map((input) => ({
    ...of(input),
    uses: (label: string) => /recover/.test(label) || label === started(plain) || label === pursued(plain),
    key: ({ next, pursuit, target }: Context) => [next, pursuit, target],
  })),
  // Updates from the command to the restart, in each mode.
  ...(
    [
      { isCompiled: true },
      { mode: 'no_restart' },
      { mode: 'env_schema_only', isCompiled: true },
      { mode: 'env_schema_only' },
      { checksVersion: false },
    ] as const
  ).map((input) => ({ ...of(input), ...after(left.settled), uses: isOfFlight, key: flight })),
  // What cannot be had, and is tried again.
  {
    ...of({ isCompiled: true }),
    ...after(left.settled),
    uses: (label) => /update\.(pursue|start) .*https/.test(label) || isOfRetry(label),
    key: ({ target, next, pursuit }) => [target, next, pursuit?.target, pursuit && Math.min(pursuit.retry.attempts, 1)],
  },
  ...['download', 'stage'].map((phase) => ({
    // For a day.
    ...of({ isCompiled: true }),
    ...after(left.settled, ...commanded(linked)),
    uses: (label: string) => (isOfRetry(label) && /done|after retryAfter/.test(label)) || label.startsWith(phase),
    key: ({ pursuit }: Context) =>
      pursuit && [Math.min(pursuit.retry.attempts, 9), Math.floor(pursuit.retry.waitedMs / 14_400_000)],
  })),
  // What the instance is asked for.
  ...(
    [
      {},
      { isCompiled: true },
      { isCompiled: true, mode: 'env_schema_only' },
      { checksVersion: false },
      { isRestOnly: true },
      { isRestOnly: true, isCompiled: true },
    ] as const
  ).map((input) => ({
    ...of(input),
    ...after(left.settled),
    uses: (label: string) => isOfQuestion(label) || label === 'broker.denied' || label === pursued(linked),
    key: errand,
  })),
  {
    ...of({}),
    ...after(left.failed),
    uses: isOfQuestion,
    key: errand,
  },
  {
    ...of({}),
    ...after(left.settled, ...commanded(plain)),
    uses: (label) => isOfQuestion(label) || /download|retryAfter/.test(label) || commanded(plain).includes(label),
    key: errand,
  },
  {
    // Another one while a command waits.
    ...of({ isCompiled: true }),
    ...after(left.settled, ...commanded(linked), 'download fails: RestError: No connection.'),
    uses: isOfQuestion,
    key: errand,
  },
  // Trials, with all that a broker may deny.
  ...([{ mode: 'no_restart' }, { isSupervised: true }] as const).map((input) => ({
    ...of(input),
    ...after(left.first),
    uses: isOfTrial,
    key: trial,
  })),
  // The others, with a broker that is there or not.
  ...(
    [
      [left.last, {}],
      [left.patient, {}],
      [left.overdue, {}],
      [left.failedSame, {}],
      [left.failedOther, { isSupervised: true }],
      [left.waiting, { mode: 'no_restart' }],
      [left.waiting, { isSupervised: true }],
      [left.waitingAgain, {}],
      [left.first, { isRestOnly: true }],
    ] as const
  ).map(([status, input]) => ({
    ...of(input),
    ...after(status),
    uses: (label: string) => (isOfTrial(label) && !/denied|"d\/a"/.test(label)) || label === 'update.askTarget',
    key: trial,
  })),
  {
    // Probes, one after the other.
    ...of({}),
    ...after(left.first),
    uses: (label) => /healthyWithin|probe done|probeAfter/.test(label),
    key: ({ probes, trial: now }) => [Math.min(probes, 7), now?.isWaiting],
  },
];
