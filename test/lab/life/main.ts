/** Lives a life: a line for each step as it is over, and JSON at the end. The exit code is 1 if a step has failed. */
import { openLife, type Life, type LifeOptions } from './life.ts';
import { take, type Lived } from './step.ts';
import { steps } from './steps.ts';

const marks = { ok: '✔', failed: '✘', skipped: '-' } as const;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Takes the operator's token out of the environment, so that no process started here gets it. */
const optionsOf = (env: NodeJS.ProcessEnv): LifeOptions => {
  const { PEPEUNIT_URL: url, PEPEUNIT_TOKEN: token, LAB_UNIT: writer, LAB_READER: reader } = env;
  delete env['PEPEUNIT_TOKEN'];
  if ((url === undefined) !== (token === undefined))
    throw new Error('Give both, the URL of an instance and the token of its operator, or none.');
  if ((writer === undefined) !== (reader === undefined)) throw new Error('Give both, --unit and --reader, or none.');
  return {
    target: url === undefined || token === undefined ? undefined : { url, token },
    given: writer === undefined || reader === undefined ? undefined : [writer, reader],
  };
};

/** Takes the steps in order, until one is interrupted. */
const live = async (life: Life, interruption: AbortSignal): Promise<Lived[]> => {
  const lived: Lived[] = [];
  for (const step of steps) {
    if (interruption.aborted) break;
    const one = await take(step, life);
    say(`${marks[one.outcome]} ${one.step.padEnd(20)}${one.saw}`);
    lived.push(one);
  }
  return lived;
};

const run = async (): Promise<void> => {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interruption.abort());
  const life = await openLife(optionsOf(process.env), interruption.signal);
  let lived: Lived[] = [];
  let left: string | undefined;
  try {
    lived = await live(life, interruption.signal);
  } finally {
    left = await life.clear().then(
      () => undefined,
      (thrown: Error) => thrown.message,
    );
  }
  const ok = left === undefined && !interruption.signal.aborted && lived.every(({ outcome }) => outcome !== 'failed');
  if (left !== undefined) say(`✘ ${left}`);
  if (interruption.signal.aborted) say('✘ interrupted; what was made has been removed');
  say(JSON.stringify({ ok, steps: lived }));
  process.exitCode = ok ? 0 : 1;
};

try {
  await run();
} catch (thrown) {
  say(`✘ ${(thrown as Error).message}`);
  say(JSON.stringify({ ok: false, steps: [] }));
  process.exitCode = 1;
}
