import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { nodesOf } from '../../app/testing/walk/chart.ts';
import { childNames, isRelayed, type ChildName, type UnitEvent } from '../../machines/unit/context.ts';
import { initialMessages, routes, type RouteName } from '../../machines/unit/routing.ts';
import type { Send } from '../../machines/unit/send.ts';
import { transitionsOf } from './outline.ts';

/** What makes the unit send messages, and which. */
interface Routing {
  /** Who brings it about: a child, or someone outside of the machines. */
  readonly from: ChildName | 'app' | 'instance' | 'unit';
  /** The event, or the entry or exit of a state. */
  readonly when: string;
  /** The state in which the event is handled so; empty for any. */
  readonly state: string;
  readonly route: RouteName | 'initial messages';
  readonly sends: readonly Send[];
}

type Source = Pick<Routing, 'from' | 'when' | 'state'>;

interface Named {
  readonly type: string;
  readonly params?: { readonly route: RouteName } | { readonly child: ChildName };
}

const namedIn = (actions: unknown): Named[] => (actions === undefined ? [] : ([actions].flat() as Named[]));

const subjects: Readonly<Record<string, ChildName>> = { reporter: 'stateReporter' };

const senderOf = (type: string): Routing['from'] => {
  const [subject = ''] = type.split('.');
  const child = subjects[subject] ?? childNames.find((name) => name === subject);
  if (child && isRelayed({ type } as UnitEvent)) return child;
  if (type.startsWith('xstate.') || type.endsWith('.started')) return 'unit';
  return type === 'command.received' ? 'instance' : 'app';
};

const routingOf = (source: Source, { params }: Named): Routing[] => {
  if (params && 'child' in params)
    return [{ ...source, route: 'initial messages', sends: initialMessages[params.child] }];
  if (!params) return [];
  const { route } = params;
  const { when } = source;
  const sends: readonly Send[] = routes[route];
  const groups = [...new Set(sends.map(({ of }) => of))].filter(
    (of) => of === undefined || when === 'command.received' || of === when,
  );
  return groups.map((of) => ({
    ...source,
    when: of === undefined || of === when ? when : `${when} ${of}`,
    route,
    sends: sends.filter((send) => send.of === of),
  }));
};

const sourcesIn = (node: AnyStateNode): [source: Source, actions: unknown][] => {
  const state = node.path[0] === 'facts' ? '' : node.path.join('.');
  return [
    [{ from: 'unit', when: 'entry', state }, node.config.entry],
    ...transitionsOf(node).map((transition): [Source, unknown] => {
      const when = String(transition.eventType);
      return [{ from: senderOf(when), when, state }, transition.actions];
    }),
    [{ from: 'unit', when: 'exit', state }, node.config.exit],
  ];
};

const senders = new Set(['dispatch', 'dispatchInitial']);

/** Every message that the unit sends, by what brings it about, in the order of its chart. */
export const routingsOf = (machine: AnyStateMachine): Routing[] =>
  nodesOf(machine.root)
    .flatMap(sourcesIn)
    .flatMap(([source, actions]) =>
      namedIn(actions)
        .filter(({ type }) => senders.has(type))
        .flatMap((action) => routingOf(source, action)),
    )
    .filter(({ sends }) => sends.length > 0);

const inCode = (text: string): string => `\`${text}\``;

const sendText = ({ to, types }: Send): string => `${inCode(to)}: ${types.map(inCode).join(' or ')}`;

/** Who tells whom what, as rows of a table. */
export const routingRows = (machine: AnyStateMachine): string =>
  routingsOf(machine)
    .map(({ from, when, state, route, sends }) =>
      [from, inCode(when), state && inCode(state), inCode(route), sends.map(sendText).join(', ')].join(' | '),
    )
    .map((row) => `| ${row} |`)
    .join('\n');

const causeOf = ({ when, state }: Routing): string => (state === '' ? when : `${when} in ${state}`);

/** A row of a box: an event, or the messages that a route sends. */
interface Row {
  readonly box: string;
  readonly text: string;
}

/** What the picture of the routes shows: rows of the boxes at the left and right, and the routes between them. */
export interface RoutingChart {
  readonly senders: readonly Row[];
  readonly routes: readonly string[];
  readonly receivers: readonly Row[];
  /** Events that are passed on as they are, each to the child that it names. */
  readonly forwarded: readonly string[];
  /** From rows of senders to routes, and from routes to rows of receivers. */
  readonly lines: readonly { readonly side: 'from' | 'to'; readonly row: Row; readonly route: string }[];
}

const rowKey = ({ box, text }: Row): string => `${box}: ${text}`;

const distinct = (rows: readonly Row[]): Row[] => [...new Map(rows.map((row) => [rowKey(row), row])).values()];

/** Who brings which route about, and what each route sends to whom. What a child is sent at its start is left out. */
export const routingChartOf = (machine: AnyStateMachine): RoutingChart => {
  const all = routingsOf(machine).filter(({ route }) => route !== 'initial messages');
  const routings = all.filter(({ route }) => route !== 'forward');
  const into = routings.map((one) => ({
    side: 'from' as const,
    route: one.route,
    row: { box: one.from, text: causeOf(one) },
  }));
  const out = routings.flatMap(({ route, sends }) =>
    sends.map(({ to, types }) => ({ side: 'to' as const, route, row: { box: to, text: types.join(' or ') } })),
  );
  return {
    senders: distinct(into.map(({ row }) => row)),
    routes: [...new Set(routings.map(({ route }) => route))],
    receivers: distinct(out.map(({ row }) => row)),
    forwarded: all.filter(({ route }) => route === 'forward').map(({ when }) => when),
    lines: [
      ...new Map([...into, ...out].map((line) => [`${line.side} ${rowKey(line.row)} ${line.route}`, line])).values(),
    ],
  };
};
