import ts from 'typescript';
import { removed, replaced, type Change, type Edit, type Kind } from './mutant.ts';

const propertyName = (node: ts.ObjectLiteralElementLike | undefined): string | undefined => {
  if (!node?.name) return undefined;
  return ts.isStringLiteral(node.name) ? node.name.text : node.name.getText();
};

/** An expression without `as const`, `satisfies` and parentheses around it. */
const bare = (node: ts.Expression): ts.Expression =>
  ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)
    ? bare(node.expression)
    : node;

const propertiesOf = (node: ts.ObjectLiteralExpression): ReadonlyMap<string, ts.Expression> =>
  new Map(
    node.properties.flatMap((property): [string, ts.Expression][] =>
      ts.isPropertyAssignment(property) ? [[propertyName(property) ?? '', bare(property.initializer)]] : [],
    ),
  );

/** Whether a literal is a transition: it has a target, a guard or a list of actions. */
const isTransition = (node: ts.Node): node is ts.ObjectLiteralExpression => {
  if (!ts.isObjectLiteralExpression(node)) return false;
  const properties = propertiesOf(node);
  const actions = properties.get('actions');
  const isActing = actions !== undefined && ts.isArrayLiteralExpression(actions);
  return properties.has('target') || properties.has('guard') || isActing;
};

const areTransitions = (node: ts.Node): node is ts.ArrayLiteralExpression =>
  ts.isArrayLiteralExpression(node) && node.elements.length > 0 && node.elements.every(isTransition);

const isIn = (node: ts.PropertyAssignment, ...names: readonly string[]): boolean => {
  const owner = node.parent.parent;
  return ts.isPropertyAssignment(owner) && names.includes(propertyName(owner) ?? '');
};

/** Whether a property's value is a transition made elsewhere: of a constant or by a function. */
const isMadeElsewhere = (node: ts.PropertyAssignment): boolean =>
  (isIn(node, 'on', 'after') || ['always', 'onDone'].includes(propertyName(node) ?? '')) &&
  (ts.isIdentifier(node.initializer) || ts.isCallExpression(node.initializer));

const drop = (kind: Kind, node: ts.Node): Change => ({ kind, node, edits: [removed(node)] });

const dropTransitions = (node: ts.Node): Change[] => {
  if (areTransitions(node)) return node.elements.map((element) => drop('drop transition', element));
  if (!ts.isPropertyAssignment(node)) return [];
  if (propertyName(node) === 'onError') return [drop('drop error branch', node)];
  return isTransition(bare(node.initializer)) || isMadeElsewhere(node) ? [drop('drop transition', node)] : [];
};

const literal = (text: string): string => `'${text}'`;

/** Every string that is a target in this file. */
const targetsIn = (file: ts.SourceFile): string[] => {
  const targets: string[] = [];
  const visit = (node: ts.Node): void => {
    const isTarget = ts.isPropertyAssignment(node) && propertyName(node) === 'target';
    if (isTarget && ts.isStringLiteral(node.initializer)) targets.push(node.initializer.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...new Set(targets)];
};

/** Names of the states among which a property's state is one, and its own. */
const siblingsOf = (node: ts.Node): { readonly own: string; readonly names: string[] } | undefined => {
  for (let at = node; !ts.isSourceFile(at); at = at.parent)
    if (ts.isPropertyAssignment(at) && isIn(at, 'states'))
      return { own: propertyName(at) ?? '', names: at.parent.properties.map((state) => propertyName(state) ?? '') };
  return undefined;
};

const childrenOf = (transition: ts.Node): string[] => {
  for (let at = transition; !ts.isSourceFile(at); at = at.parent) {
    const states = ts.isObjectLiteralExpression(at) ? propertiesOf(at).get('states') : undefined;
    if (states && ts.isObjectLiteralExpression(states))
      return states.properties.map((state) => `.${propertyName(state) ?? ''}`);
  }
  return [];
};

const shapeOf = (target: string): string => /^[#.]?/.exec(target)?.[0] ?? '';

/** Another state that a transition could go to by mistake. */
const wrongTarget = (node: ts.PropertyAssignment, target: string): string | undefined => {
  const siblings = siblingsOf(node);
  const plain = siblings?.names.includes(target) ? siblings.names : undefined;
  const near = target.startsWith('.') ? childrenOf(node.parent) : plain;
  const all = near ?? targetsIn(node.getSourceFile()).filter((other) => shapeOf(other) === shapeOf(target));
  const at = all.indexOf(target);
  const others = [...all.slice(at + 1), ...all.slice(0, at)].filter((other) => other !== target);
  return others.find((other) => other !== siblings?.own) ?? others[0];
};

const retarget = (node: ts.Node): Change[] => {
  if (!ts.isPropertyAssignment(node) || propertyName(node) !== 'target' || !isTransition(node.parent)) return [];
  if (!ts.isStringLiteral(node.initializer)) return [];
  const wrong = wrongTarget(node, node.initializer.text);
  if (wrong === undefined) return [];
  return [{ kind: 'retarget transition', node, edits: [replaced(node.initializer, literal(wrong))] }];
};

/** Before everything else of a file, so that no line moves. */
const importNot: Edit = { start: 0, end: 0, text: "import { not as isNot } from 'xstate'; " };

const changeGuard = (node: ts.Node): Change[] => {
  if (!ts.isPropertyAssignment(node) || propertyName(node) !== 'guard' || !isTransition(node.parent)) return [];
  const negated = `isNot(${node.initializer.getText()} as never)`;
  return [
    drop('drop guard', node),
    { kind: 'negate guard', node, edits: [replaced(node.initializer, negated), importNot] },
  ];
};

const changeActions = (node: ts.Node): Change[] => {
  if (!ts.isPropertyAssignment(node)) return [];
  const name = propertyName(node) ?? '';
  const list = bare(node.initializer);
  if (!['actions', 'entry', 'exit'].includes(name) || !ts.isArrayLiteralExpression(list)) return [];
  const { elements } = list;
  const whole: Change[] = name === 'actions' ? [] : [drop('drop entry or exit', node)];
  const isOneOnly = elements.length === 1 && whole.length > 0;
  const single = isOneOnly ? [] : elements.map((action) => drop('drop action', action));
  if (elements.length < 2) return [...whole, ...single];
  const reversed = elements.map((action) => action.getText()).toReversed();
  return [...whole, ...single, { kind: 'reorder actions', node, edits: [replaced(list, `[${reversed.join(', ')}]`)] }];
};

const slowDelay = (node: ts.Node): Change[] => {
  if (!ts.isPropertyAssignment(node) || !isIn(node, 'delays')) return [];
  const delay = bare(node.initializer);
  const ms = ts.isArrowFunction(delay) ? delay.body : delay;
  if (ts.isBlock(ms)) return [];
  return [{ kind: 'slow delay', node, edits: [replaced(ms, `10 * (${ms.getText()})`)] }];
};

/** The faults of a chart at this node. */
export const chartChanges = (node: ts.Node): Change[] =>
  [dropTransitions, retarget, changeGuard, changeActions, slowDelay].flatMap((change) => change(node));

/** Whether a list is part of a chart: its elements are changed as such, if at all. */
export const isOfChart = (node: ts.ArrayLiteralExpression): boolean => {
  const owner = ts.isPropertyAssignment(node.parent) ? propertyName(node.parent) : undefined;
  return ['actions', 'entry', 'exit', 'tags', 'always'].includes(owner ?? '') || node.elements.some(isTransition);
};
