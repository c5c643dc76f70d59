import { createActor, SimulatedClock } from 'xstate';
import { updateMachine, type UpdateFact, type UpdateInput } from '../../../machines/update.ts';
import type { StagedFirmware } from '../../../services/firmware.ts';
import type { UpdateTarget } from '../../../services/update.ts';
import type { TrialFailure } from '../../../services/firmware-journal.ts';
import type { PastFailure } from '../../../services/trial.ts';
import type { FirmwareStatus } from '../../../services/firmware-transitions.ts';
import type { RestartMode } from '../../../services/process-control.ts';
import { gate, probe } from '../../support/actors.ts';
import { settle } from '../../support/until.ts';

export const staged: StagedFirmware = { id: 's1', files: 3, bytes: 100 };
export const v2: UpdateTarget = { commitVersion: 'v2' };
export const v3: UpdateTarget = { commitVersion: 'v3' };

/** A journal in which v2 is on trial. */
export const onTrial = (starts = 1): FirmwareStatus => ({
  phase: 'trial',
  trial: { from: 'v1', to: 'v2', starts, maxStarts: 3, healthyWithinMs: 60_000 },
});

/** An update machine whose every step the test ends. */
export const asleep = (change: Partial<UpdateInput> = {}) => {
  const clock = new SimulatedClock();
  const parent = probe<UpdateFact>();
  const steps = {
    recover: gate<FirmwareStatus>(),
    askTarget: gate<string>(),
    requestUpdate: gate<void>(),
    download: gate<StagedFirmware, { target: UpdateTarget }>(),
    verify: gate<void, { staged: StagedFirmware; target: UpdateTarget }>(),
    stage: gate<StagedFirmware, { staged: StagedFirmware; target: UpdateTarget }>(),
    swap: gate<void, { staged: StagedFirmware; mode: RestartMode; from: string; target: UpdateTarget }>(),
    discard: gate<void, { staged: StagedFirmware }>(),
    restart: gate<void, { mode: RestartMode }>(),
    handOver: gate<void, { target: UpdateTarget }>(),
    checkReady: gate<void>(),
    probe: gate<boolean, { isDenied: boolean }>(),
    noteWait: gate<void, { waitedMs: number }>(),
    endWait: gate<void>(),
    noteFailure: gate<void, TrialFailure>(),
    recall: gate<PastFailure>(),
    confirm: gate<void>(),
    rollBack: gate<void, TrialFailure>(),
    forgetOutcome: gate<void>(),
  };
  const actor = createActor(
    updateMachine.provide({
      actors: {
        recover: steps.recover.logic,
        askTarget: steps.askTarget.logic,
        requestUpdate: steps.requestUpdate.logic,
        download: steps.download.logic,
        verify: steps.verify.logic,
        stage: steps.stage.logic,
        swap: steps.swap.logic,
        discard: steps.discard.logic,
        restart: steps.restart.logic,
        handOver: steps.handOver.logic,
        checkReady: steps.checkReady.logic,
        probe: steps.probe.logic,
        noteWait: steps.noteWait.logic,
        endWait: steps.endWait.logic,
        noteFailure: steps.noteFailure.logic,
        recall: steps.recall.logic,
        confirm: steps.confirm.logic,
        rollBack: steps.rollBack.logic,
        forgetOutcome: steps.forgetOutcome.logic,
      },
    }),
    {
      clock,
      input: {
        parent: parent.ref,
        mode: 'restart_exec',
        checksVersion: true,
        isCompiled: false,
        isSupervised: false,
        ...change,
      },
    },
  ).start();
  actor.send({ type: 'update.configure', commitVersion: 'v1' });
  const begin = (target: UpdateTarget) => actor.send({ type: 'update.start', target });
  const connect = (...denied: string[]) => actor.send({ type: 'broker.up', denied });
  /** What the parent was told, but for what comes whenever the machine rests. */
  const told = () => parent.facts.filter(({ type }) => type !== 'update.settled');
  return { actor, begin, connect, clock, parent, told, ...steps, state: () => actor.getSnapshot() };
};
export type UpdateUnderTest = ReturnType<typeof asleep>;

/** One that has found this in the journal. */
export const woken = async (status: FirmwareStatus, change: Partial<UpdateInput> = {}): Promise<UpdateUnderTest> => {
  const unit = asleep(change);
  unit.actor.send({ type: 'update.recover' });
  await unit.recover.resolve(status);
  return unit;
};

/** One with nothing to carry on. */
export const idle = (change: Partial<UpdateInput> = {}): Promise<UpdateUnderTest> =>
  woken({ phase: 'settled' }, change);

/** Lets a trial come as far as the answer of the app. */
export const connected = async (unit: UpdateUnderTest) => {
  unit.connect();
  await settle();
};

/** Ends a start that does not get online, though the version before could. */
export const missTheBroker = async (unit: UpdateUnderTest) => {
  unit.clock.increment(60_000);
  await unit.probe.resolve(true);
  await unit.endWait.resolve();
  unit.clock.increment(30_000);
  await unit.probe.resolve(true);
};

/** Lets a trial wait for the broker. */
export const away = async (unit: UpdateUnderTest) => {
  unit.clock.increment(60_000);
  await unit.probe.resolve(false);
};
