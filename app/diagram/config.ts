/** A transition of a config: its target alone, or what goes with it. */
export type TransitionConfig =
  | string
  | undefined
  | {
      readonly target?: string | readonly string[] | undefined;
      readonly guard?: unknown;
      readonly reenter?: boolean | undefined;
    };

type Transitions = TransitionConfig | readonly TransitionConfig[];

/** An actor that a state runs. */
export interface InvokeConfig {
  readonly id?: string | undefined;
  readonly src?: unknown;
  readonly onDone?: Transitions;
  readonly onError?: Transitions;
  readonly onSnapshot?: Transitions;
}

/** A state of a statechart as XState's `machine.config` has it, or as its copy in JSON does. */
export interface StateConfig {
  readonly id?: string | undefined;
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly initial?: string | { readonly target?: string | readonly string[] } | undefined;
  readonly tags?: string | readonly string[] | undefined;
  readonly invoke?: string | InvokeConfig | readonly (string | InvokeConfig)[] | undefined;
  readonly on?: Readonly<Record<string, Transitions>> | undefined;
  readonly after?: Readonly<Record<string, Transitions>> | undefined;
  readonly always?: Transitions;
  readonly onDone?: Transitions;
  readonly states?: Readonly<Record<string, StateConfig>> | undefined;
}

/** One transition of a state, with the words for what brings it about. */
export interface Declared {
  readonly event: string;
  /** Words for the event: `link.closed`, `after retryAfter`, `load done`; empty for `always`. */
  readonly trigger: string;
  readonly guard: string;
  readonly targets: readonly string[];
  /** Whether one with a guard is tried before it. */
  readonly isElse: boolean;
}

const listed = <T>(one: T | readonly T[] | undefined): readonly T[] =>
  one === undefined ? [] : Array.isArray(one) ? (one as readonly T[]) : [one as T];

const nameOf = (named: unknown): string => {
  if (typeof named === 'string') return named;
  if (typeof named === 'function') return named.name;
  return typeof named === 'object' && named !== null ? nameOf((named as { type?: unknown }).type) : '';
};

/** The actors that a state runs. */
export const invokesOf = ({ invoke }: StateConfig): (InvokeConfig & { readonly name: string })[] =>
  listed<string | InvokeConfig>(invoke)
    .map((one) => (typeof one === 'string' ? { src: one } : one))
    .map((one) => ({ ...one, name: one.id ?? nameOf(one.src) }));

const declaredBy = (event: string, trigger: string, transitions: Transitions): Declared[] => {
  const all = listed(transitions).map((one) => (typeof one === 'object' ? one : { target: one, guard: undefined }));
  return all.map(({ target, guard }, index) => ({
    event,
    trigger,
    guard: guard === undefined ? '' : nameOf(guard) || 'guard',
    targets: listed(target),
    isElse: guard === undefined && all.slice(0, index).some((earlier) => earlier.guard !== undefined),
  }));
};

const delayText = (delay: string): string => (/^\d+$/.test(delay) ? `${delay} ms` : delay);

/** Every transition that a state declares, `always` first. */
export const declaredIn = (state: StateConfig): Declared[] => {
  const invokes = invokesOf(state);
  const whose = (name: string): string => (invokes.length > 1 ? `${name} ` : '');
  return [
    ...declaredBy('', '', state.always),
    ...Object.entries(state.on ?? {}).flatMap(([event, given]) => declaredBy(event, event, given)),
    ...Object.entries(state.after ?? {}).flatMap(([delay, given]) =>
      declaredBy(`xstate.after.${delay}`, `after ${delayText(delay)}`, given),
    ),
    ...invokes.flatMap(({ name, onDone, onError, onSnapshot }) => [
      ...declaredBy(`xstate.done.actor.${name}`, `${whose(name)}done`, onDone),
      ...declaredBy(`xstate.error.actor.${name}`, `${whose(name)}failed`, onError),
      ...declaredBy(`xstate.snapshot.${name}`, `${whose(name)}snapshot`, onSnapshot),
    ]),
    ...declaredBy('xstate.done.state', 'done', state.onDone),
  ];
};

/** The key of the child that is entered first. */
export const firstKeyOf = ({ type, initial }: StateConfig): string | undefined => {
  if (type === 'parallel') return undefined;
  const [target] = typeof initial === 'object' ? listed(initial.target) : [initial];
  return target?.replace(/^\./, '').split('.')[0];
};

/** Children of a state by key. */
export const childrenOf = ({ states }: StateConfig): [key: string, child: StateConfig][] =>
  Object.entries(states ?? {});

/** The tags of a state. */
export const tagsOf = ({ tags }: StateConfig): readonly string[] => listed(tags);
