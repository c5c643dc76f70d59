import type { settingsMachine } from '../../../../machines/settings.ts';
import type { Failure } from '../../../../services/errors.ts';
import type { UnitSettings } from '../../../../services/settings.ts';
import type { Consequence, ContextOf } from './table.ts';

export type Context = ContextOf<typeof settingsMachine>;
type Adopted = { output: UnitSettings };

/** Paths of states that lie in the same one. */
const inside =
  (outer: string) =>
  (states: string): string =>
    states
      .split(' ')
      .map((state) => `${outer}.${state}`)
      .join(' ');
export const document = inside('document');
export const trial = inside('trial');
export const way = inside('trial.trying.way');
export const time = inside('trial.trying.time');

export const without = (settings: UnitSettings, name: 'trial' | 'givenUp'): UnitSettings =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => key !== name)) as unknown as UnitSettings;

/** How the new settings and the link that was heard of go together. */
export interface LinkSide {
  readonly when: (context: Context, event: Adopted) => boolean;
  readonly link: (context: Context) => Partial<Context>;
}
/** A link that is open before is that of the first settings; what is heard without one says nothing. */
export const first: LinkSide = {
  when: ({ settings }) => settings === undefined,
  link: ({ hasLink, isDenied }) => ({ isDenied: hasLink && isDenied }),
};
export const sameLink: LinkSide = {
  when: ({ settings }, { output }) => settings?.linkRevision === output.linkRevision,
  link: () => ({}),
};
/** What was heard is of the link before, which is over. */
export const otherLink: LinkSide = {
  when: ({ settings }, { output }) => settings !== undefined && settings.linkRevision !== output.linkRevision,
  link: () => ({ hasLink: false, isDenied: false }),
};

/** Settings come into force, with the names of those given up for them or without. */
export const adopted = (
  { when, link }: LinkSide,
  isGivenUp: boolean,
  { context: change, ...consequence }: { to: string; context?: (context: Context) => Partial<Context> },
): Consequence<Context> => ({
  ...consequence,
  when: (context, event: Adopted) => when(context, event) && (event.output.givenUp !== undefined) === isGivenUp,
  told: ({ settings }, { output: { givenUp: names } }: Adopted) => [
    ...(isGivenUp ? [{ type: 'settings.restored', names }] : []),
    { type: 'settings.loaded', settings },
  ],
  context: (context, { output }: Adopted) => ({
    settings: without(output, 'givenUp'),
    failure: undefined,
    ...link(context),
    ...change?.(context),
  }),
});

export const failed = (failure: Failure, during: 'load' | 'refresh' | 'restore') => [
  { type: 'settings.failed', failure, during },
];
