import { fileLimits, readRecording } from '../inspector/server/file.ts';
import { followInspector } from '../inspector/server/follow.ts';
import { startInspector, type Inspector } from '../inspector/server/server.ts';
import { inspectorAddressIn, inspectorVariable } from '../inspector/variable.ts';
import { counted } from '../terminal/counted.ts';
import { aborted, interruption } from '../terminal/interruption.ts';
import { columns, print, printText } from '../terminal/output.ts';
import { command, exitCode, portIn, UsageError } from './command.ts';
import { inspectorParts } from './inspection.ts';

/** What an inspector shows, for people and as JSON. */
interface Shown {
  readonly text: readonly string[];
  readonly data: Readonly<Record<string, number | string>>;
  readonly stop?: () => void;
}

const showFile = async (path: string, { sources }: Inspector): Promise<Shown> => {
  const { lines, units, damaged } = await readRecording(path, sources);
  const passedOver = damaged === 0 ? '' : ` ${counted(damaged, 'damaged line')} passed over.`;
  return {
    text: [`${counted(lines, 'line')} of ${counted(units, 'unit')}.${passedOver}`],
    data: { lines, units, damaged },
  };
};

const showOther = async (given: string, { sources, onAnswer }: Inspector): Promise<Shown> => {
  const url = inspectorAddressIn(given);
  if (url === undefined)
    throw new UsageError(`"${given}" is no address. Give the one that the other inspector has printed.`);
  const stop = await followInspector({ url, sources, onAnswer });
  return { text: [`It shows what ${url} shows.`], data: { follows: url }, stop };
};

const statelyUrlOf = ({ url }: Inspector): string => new URL('stately', url.replace('http:', 'ws:')).href;

/** What to set so that a unit or an app shows itself. */
const showComers = (inspector: Inspector): Shown => ({
  text: [
    'It waits for units and for apps of XState. To show one:',
    '',
    ...columns([
      ['  a supervised unit', `${inspectorVariable}=${inspector.url} npx pepeunit-client run main.js`],
      ['  a unit', `${inspectorVariable}=${inspector.url} node --import pepeunit-client/inspect main.js`],
      ['  another app', `createWebSocketInspector({ url: '${statelyUrlOf(inspector)}' })`],
    ]),
  ],
  data: {},
});

const isUrl = (operand: string): boolean => /^https?:/i.test(operand);

const show = (operand: string | undefined, inspector: Inspector): Shown | Promise<Shown> => {
  if (operand === undefined) return showComers(inspector);
  return isUrl(operand) ? showOther(operand, inspector) : showFile(operand, inspector);
};

/** `pepeunit inspect`: shows units, or a recording of them, in a page of this machine. */
export const inspectCommand = command(
  {
    name: 'inspect',
    operands: '[FILE|URL]',
    minOperands: 0,
    maxOperands: 1,
    about:
      'Shows units in a page of this machine until Ctrl-C: what their statecharts, messages and logs did at each moment.\n' +
      'FILE is a recording that such a page has saved, URL the address that another inspector has printed, such as one at\n' +
      'the end of an ssh tunnel. Without either it waits for units, and prints how to show one.',
    options: {
      port: { type: 'string', value: 'PORT', help: 'Port of the page. A free one by default.' },
      control: {
        type: 'boolean',
        help: "Without FILE: let the page send events, messages and the instance's commands.",
      },
      json: { type: 'boolean', help: 'Print the addresses, and what there is to show, as one line of JSON.' },
    },
    examples: ['night.ndjson', '--port 8080'],
  },
  async ({ operands: [operand], options: { port, control = false, json = false } }) => {
    const isFile = operand !== undefined && !isUrl(operand);
    if (isFile && control) throw new UsageError(`--control goes with units that run: ${operand} is a recording.`);
    await using inspector = await startInspector({
      ...inspectorParts,
      port: portIn('port', port),
      isControlled: control,
      ...(isFile && { limits: fileLimits }),
    });
    using interrupted = interruption();
    const { text, data, stop } = await show(operand, inspector);
    const { url } = inspector;
    if (json) print(JSON.stringify({ url, statelyUrl: statelyUrlOf(inspector), ...data }));
    else for (const line of [`Inspector: ${url}`, ...text, '', 'Ctrl-C stops it.']) printText(line);
    await aborted(interrupted.signal);
    stop?.();
    return exitCode.ok;
  },
);
