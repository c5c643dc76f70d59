import type { UnitEmitted } from '../../../machines/unit/emitted.ts';
import type { JsonText } from './json-text.ts';

export interface MarksParts {
  readonly at: () => number;
  readonly write: (line: string) => void;
  readonly json: JsonText;
}

const versionOf = ({ commitVersion }: { readonly commitVersion?: string | undefined }): string =>
  commitVersion?.slice(0, 7) ?? 'of a file';

type Emitted<TType> = Extract<UnitEmitted, { type: TType }>;
type Mark = readonly [what: string, text: string];

const failed = ({ failure }: Emitted<'updateFailed' | 'updateRefused'>): Mark => [
  'update',
  `The update failed: ${failure.message}`,
];

/** What people look for on the time axis, of what a unit emits. */
const marks: { readonly [T in UnitEmitted['type']]?: (event: Emitted<T>) => Mark } = {
  online: () => ['online', 'The unit is online'],
  offline: () => ['outage', 'The link is down'],
  denied: ({ failure }) => ['outage', `The instance denies the unit its topics: ${failure.message}`],
  granted: () => ['online', 'The instance grants the unit its topics again'],
  command: ({ command }) => ['command', command],
  updateBegan: ({ target }) => ['update', `An update to ${versionOf(target)} begins`],
  updateSwapped: ({ target }) => ['update', `Version ${versionOf(target)} is in place`],
  updateFinished: ({ target }) => ['update', `The update to ${versionOf(target)} is done`],
  updateConfirmed: ({ version }) => ['update', `Version ${version.slice(0, 7)} is confirmed`],
  updateRolledBack: ({ version, reason }) => ['rollback', `Version ${version.slice(0, 7)} was rolled back: ${reason}`],
  updateFailed: failed,
  updateRefused: failed,
  misconfigured: ({ failure }) => ['fault', failure.message],
  stopped: () => ['stop', 'The unit has stopped'],
};

/** Records what people look for on the time axis. */
export const createMarks = ({ at, write, json }: MarksParts) => {
  const mark = (what: string, text: string) => write(`["mark",${at()},"${what}",${json(text)}]`);
  return {
    mark,
    emitted: (event: UnitEmitted) => {
      const markOf = marks[event.type] as ((event: UnitEmitted) => Mark) | undefined;
      if (markOf) mark(...markOf(event));
    },
  };
};
