import { unitSetup } from './setup.ts';

/** When the version that runs is the one to report. */
export const reports = unitSetup.createStateConfig({
  description: 'Decides when the version that runs is the one to report.',
  initial: 'free',
  states: {
    free: {
      description: 'No update is under way: the version that runs is reported.',
      on: {
        'update.began': { target: 'lapsing' },
        'update.swapping': { target: 'held' },
        'update.tried': { target: 'held' },
      },
    },
    lapsing: {
      description: 'An update is under way; the old version is reported for two intervals more.',
      on: {
        'update.swapping': { target: 'held' },
        'update.tried': { target: 'held' },
        'update.settled': { target: 'free' },
      },
      after: { holdAfter: { target: 'held' } },
    },
    held: {
      description: 'Nothing is reported until the update has ended, or the version that runs has proved itself.',
      entry: [{ type: 'holdReports' }, { type: 'tell', params: { order: 'holdReporter' } }],
      exit: [{ type: 'releaseReports' }, { type: 'tell', params: { order: 'holdReporter' } }],
      on: { 'update.settled': { target: 'free' } },
    },
  },
});
