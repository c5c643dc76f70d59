import type { Failure } from '../../services/errors.ts';
import { failureOf, timedOut } from './failure.ts';

/** What can be done to bring a document into force. */
type Attempt = 'load' | 'refresh';

/** A document that a machine keeps, in the words of that machine. */
interface KeptDocument<TId extends string, TContent, TFact> {
  /** The machine's id, which its events begin with. */
  readonly id: TId;
  readonly file: string;
  /** What the instance has of it, such as `the env`. */
  readonly source: string;
  /** What is in force once it is there, such as `settings`. */
  readonly content: string;
  readonly loaded: (content: TContent) => TFact;
  readonly failed: (failure: Failure, during: Attempt) => TFact;
}

type Done<TContent> = { event: { output: TContent } };
type Thrown = { event: { error: unknown } };

const gerunds = { load: 'Loading', refresh: 'Refreshing' } as const;

/** What a machine does when it is asked to load or to refresh. */
const requests = <TId extends string, TLoad, TRefresh>(id: TId, load: TLoad, refresh: TRefresh) =>
  ({ [`${id}.load`]: load, [`${id}.refresh`]: refresh }) as { [K in `${TId}.load`]: TLoad } & {
    [K in `${TId}.refresh`]: TRefresh;
  };

const begin = <TId extends string>(id: TId) =>
  requests(id, { target: 'loading' } as const, { target: 'refreshing' } as const);

/** A state in which one attempt is made; what is asked for meanwhile is remembered. */
const attempting = <TId extends string, TAttempt extends Attempt, TContent, TFact>(
  { id, file, loaded, failed }: KeptDocument<TId, TContent, TFact>,
  attempt: TAttempt,
  description: string,
) => {
  const late = timedOut(`${gerunds[attempt]} ${file}`);
  return {
    description,
    tags: ['busy'],
    entry: [{ type: 'forgetPending' }],
    on: requests(
      id,
      { actions: [{ type: 'rememberLoad' }] } as const,
      { actions: [{ type: 'rememberRefresh' }] } as const,
    ),
    invoke: {
      id: attempt,
      src: attempt,
      onDone: {
        target: 'ready',
        actions: [
          { type: 'keepContent', params: ({ event }: Done<TContent>) => ({ content: event.output }) },
          { type: 'report', params: ({ event }: Done<TContent>) => loaded(event.output) },
        ],
      },
      onError: {
        target: 'faulty',
        actions: [
          { type: 'keepFailure', params: ({ event }: Thrown) => ({ failure: failureOf(event.error) }) },
          { type: 'report', params: ({ event }: Thrown) => failed(failureOf(event.error), attempt) },
        ],
      },
    },
    after: {
      giveUpAfter: {
        target: 'faulty',
        actions: [
          { type: 'keepFailure', params: { failure: late } },
          { type: 'report', params: failed(late, attempt) },
        ],
      },
    },
  } as const;
};

/** The states of a machine that keeps a document: it loads it, refreshes it from the instance, and tells what is in force. */
export const documentStates = <TId extends string, TContent, TFact>(kept: KeptDocument<TId, TContent, TFact>) => {
  const { id, file, source, content } = kept;
  const subject = `${content.charAt(0).toUpperCase()}${content.slice(1)}`;
  return {
    idle: { description: 'Nothing was asked for yet.', on: begin(id) },
    loading: attempting(kept, 'load', `Reads and checks ${file}.`),
    refreshing: attempting(
      kept,
      'refresh',
      `Downloads ${source} from the instance, checks it, and only then replaces ${file}.`,
    ),
    ready: {
      description: `${subject} are in force; the last attempt may have failed.`,
      tags: ['ready'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
      ],
      on: begin(id),
    },
    faulty: {
      description: `The last attempt failed and no ${content} are in force.`,
      tags: ['faulty'],
      always: [
        { guard: 'isRefreshPending', target: 'refreshing' },
        { guard: 'isLoadPending', target: 'loading' },
        { guard: 'hasContent', target: 'ready' },
      ],
      on: begin(id),
    },
  } as const;
};
