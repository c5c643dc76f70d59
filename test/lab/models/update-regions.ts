import type { UpdateContext } from '../../../machines/update.ts';
import type { FirmwareStatus } from '../../../services/firmware-transitions.ts';
import type { Region } from './model.ts';

const settled: FirmwareStatus = { phase: 'settled' };
const onTrial = (starts: number): FirmwareStatus => ({
  phase: 'trial',
  trial: { from: 'one', to: 'two', starts, maxStarts: 3, healthyWithinMs: 60_000 },
});
const trialThatWaits = (waitedMs: number): FirmwareStatus => {
  const { trial, ...status } = onTrial(1);
  return { ...status, ...(trial && { trial: { ...trial, isWaiting: true, waitedMs } }) };
};
/** What an earlier start may have left. */
export const found: readonly FirmwareStatus[] = [
  settled,
  trialThatWaits(86_390_000),
  onTrial(1),
  onTrial(4),
  { phase: 'settled', failed: { version: 'two', reason: 'it hung' } },
  { phase: 'settled', outcome: { version: 'two', result: 'rolledBack', reason: 'it hung' } },
];

const key = (context: UpdateContext) => [
  context.commitVersion,
  context.handsOver,
  context.target,
  context.next,
  context.ending?.phase,
  context.staged.id,
  context.placed,
  context.trial?.starts,
  context.trial?.isWaiting,
  (context.trial?.waitedMs ?? 0) >= 86_400_000,
  context.isSuspect,
  context.isDenied,
  context.denied,
  context.failed?.version,
  context.outcome?.result,
  context.isTargetDue,
  context.unanswered !== undefined,
  context.pursuit?.target,
  context.pursuit && context.pursuit.retry.attempts > 0,
  context.answered,
];

const input = { mode: 'restart_exec', checksVersion: true, isCompiled: false, isSupervised: false };
const awake = ['update.configure {"commitVersion":"one"}', 'update.recover', `recover done ${JSON.stringify(settled)}`];
const isFlight = (label: string) =>
  !/broker|askTarget|pursue|\(2\)|commitVersion":"one"}$|recover done .*(trial|failed|outcome)/.test(label);
const isPlainFlight = (label: string) => isFlight(label) && !/handsOver|https/.test(label);
const isTrial = (label: string) =>
  !/update.configure|askTarget|in waiting.target|pursue|\(2\)|https|update.start .*one/.test(label);

/** The parts of the update machine's state space. */
export const regions: readonly Region<UpdateContext>[] = [
  { name: 'restarting after', input: { ...input, isCompiled: true }, prelude: awake, uses: isFlight, key },
  { name: 'running on', input: { ...input, mode: 'no_restart' }, prelude: awake, uses: isPlainFlight, key },
  {
    name: 'taking over env and schema, whatever the version',
    input: { ...input, mode: 'env_schema_only', checksVersion: false },
    prelude: awake,
    uses: isPlainFlight,
    key,
  },
  { name: 'what an earlier start has left', input: { ...input, isCompiled: true }, uses: isTrial, key },
  {
    name: 'what an earlier start has left, supervised',
    input: { ...input, isCompiled: true, isSupervised: true },
    uses: (label) => isTrial(label) && !label.startsWith('update.start'),
    key,
  },
  {
    name: 'what an earlier start has left, restarted by hand',
    input: { ...input, isCompiled: true, mode: 'no_restart' },
    uses: (label) => isTrial(label) && !label.startsWith('update.start'),
    key,
  },
  {
    name: 'what an earlier start has left, over REST alone',
    input: { ...input, isRestOnly: true },
    uses: (label) => (isTrial(label) && !/broker|^update.start/.test(label)) || label === 'update.askTarget',
    key,
  },
  {
    name: 'asking for the target',
    input,
    prelude: awake,
    uses: (label) =>
      /broker\.(up .*\[\]|down)|ask|download|retryAfter|pursue .*two"}}|update.start .*two"}}/.test(label),
    key,
  },
  {
    name: 'asking for the update of a compiled unit',
    input: { ...input, isCompiled: true },
    prelude: awake,
    uses: (label) => /broker\.(up .*\[\]|down)|ask|requestUpdate/.test(label),
    key,
  },
  {
    name: 'trying a command again',
    input: { ...input, isCompiled: true },
    prelude: awake,
    uses: (label) => /pursue|update.start .*two|download|verify|stage|discard|retryAfter/.test(label),
    key,
  },
];
