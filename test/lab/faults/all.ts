import type { Row } from './lab.ts';
import { acknowledgementFaults } from './rows-acks.ts';
import { otherWays } from './rows-brokers.ts';
import { commandFaults } from './rows-commands.ts';
import { containerFaults } from './rows-containers.ts';
import { deniedTopics } from './rows-denied.ts';
import { diskFaults } from './rows-disk.ts';
import { floods } from './rows-floods.ts';
import { outages } from './rows-outages.ts';
import { reachFaults } from './rows-reach.ts';
import { connackRefusals } from './rows-refusals.ts';
import { restFaults } from './rows-rest.ts';
import { runFaults } from './rows-run.ts';
import { stops } from './rows-stops.ts';
import { trialFaults } from './rows-trials.ts';
import { updateFaults } from './rows-updates.ts';
import { wireFaults } from './rows-wire.ts';

/** Every fault of the lab, the longest first, so that the others are over before them. */
export const rows: readonly Row[] = [
  ...outages,
  ...connackRefusals,
  ...wireFaults,
  ...acknowledgementFaults,
  ...deniedTopics,
  ...reachFaults,
  ...restFaults,
  ...commandFaults,
  ...floods,
  ...updateFaults,
  ...trialFaults,
  ...runFaults,
  ...containerFaults,
  ...otherWays,
  ...diskFaults,
  ...stops,
].toSorted((one, other) => Number(one.isQuick ?? false) - Number(other.isQuick ?? false));
