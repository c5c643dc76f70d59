import ts from 'typescript';
import { isOfChart } from './chart-changes.ts';
import { removed, replaced, type Change } from './mutant.ts';

const bare = (node: ts.Expression): ts.Expression =>
  ts.isParenthesizedExpression(node) ? bare(node.expression) : node;

const otherComparisons: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
]);

const isEquality = (node: ts.Expression): boolean =>
  ts.isBinaryExpression(node) && /^[!=]==$/.test(node.operatorToken.getText());

const isLogical = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) && /^(&&|\|\|)$/.test(node.operatorToken.getText());

const isComparison = (node: ts.Node): boolean =>
  ts.isBinaryExpression(node) && otherComparisons.has(node.operatorToken.kind);

const isNegation = (node: ts.Node): boolean =>
  ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken;

const ownerName = ({ parent }: ts.Node): string =>
  ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name.getText() : '';

/** Whether a function answers yes or no: by its name, or by what it returns. */
const isPredicate = (node: ts.ArrowFunction): boolean =>
  !ts.isBlock(node.body) &&
  (/^(is|are|has|can|needs)[A-Z]/.test(ownerName(node)) ||
    [isLogical, isComparison, isNegation].some((isSuch) => isSuch(bare(node.body as ts.Expression))));

/** The condition that a node decides by. */
const conditionOf = (node: ts.Node): ts.Expression | undefined => {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node)) return node.expression;
  if (ts.isConditionalExpression(node)) return node.condition;
  if (ts.isArrowFunction(node) && isPredicate(node)) return node.body as ts.Expression;
  return undefined;
};

const negateCondition = (node: ts.Node): Change[] => {
  const condition = conditionOf(node);
  // The swap of an equality is its negation.
  if (!condition || isEquality(bare(condition))) return [];
  return [{ kind: 'negate condition', node: condition, edits: [replaced(condition, `!(${condition.getText()})`)] }];
};

/** Whether a logical expression is a condition as a whole, or part of one: its operands are then yes or no. */
const isDecisive = (node: ts.Node): boolean => {
  const { parent } = node;
  if (ts.isParenthesizedExpression(parent) || isLogical(parent)) return isDecisive(parent);
  return conditionOf(parent) === node;
};

const dropOperand = (node: ts.Node): Change[] => {
  if (!isLogical(node)) return [];
  const { left, right } = node;
  const change = (text: string): Change => ({ kind: 'drop operand', node, edits: [replaced(node, text)] });
  const isDefault = node.operatorToken.kind === ts.SyntaxKind.BarBarToken;
  if (isDefault || isDecisive(node)) return [change(left.getText()), change(right.getText())];
  return [{ kind: 'negate condition', node: left, edits: [replaced(left, `!(${left.getText()})`)] }];
};

const swapComparison = (node: ts.Node): Change[] => {
  const other = ts.isBinaryExpression(node) ? otherComparisons.get(node.operatorToken.kind) : undefined;
  if (other === undefined || !ts.isBinaryExpression(node)) return [];
  return [{ kind: 'swap comparison', node, edits: [replaced(node.operatorToken, other)] }];
};

const dropStatement = (node: ts.Node): Change[] =>
  ts.isExpressionStatement(node) || ts.isIfStatement(node) || ts.isForOfStatement(node)
    ? [{ kind: 'drop statement', node, edits: [replaced(node, ';')] }]
    : [];

const dropElement = (node: ts.Node): Change[] =>
  ts.isArrayLiteralExpression(node) && !isOfChart(node)
    ? node.elements.map((element) => ({ kind: 'drop element', node: element, edits: [removed(element)] }))
    : [];

/** Small numbers change by one, large ones are doubled. */
const otherNumber = (value: number): number => (value < 100 ? value + 1 : value * 2);

/** Whether a number is a delay of a chart, which is slowed as such. */
const isDelay = ({ parent }: ts.Node): boolean =>
  ts.isPropertyAssignment(parent) && ownerName(parent.parent) === 'delays';

const changeConstant = (node: ts.Node): Change[] => {
  const change = (text: string): Change[] => [{ kind: 'change constant', node, edits: [replaced(node, text)] }];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return change('false');
  if (node.kind === ts.SyntaxKind.FalseKeyword) return change('true');
  return ts.isNumericLiteral(node) && !isDelay(node) ? change(String(otherNumber(Number(node.text)))) : [];
};

/** The faults of a function at this node. */
export const functionChanges = (node: ts.Node): Change[] =>
  [negateCondition, dropOperand, swapComparison, dropStatement, dropElement, changeConstant].flatMap((change) =>
    change(node),
  );
