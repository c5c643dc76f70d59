import { oneLine } from '../../adapters/shared/log/log-lines.ts';
import { painter, print, wrapped, type Output, type Paint, type Tone } from '../terminal/output.ts';

const signs = {
  link: '⇄',
  state: '◆',
  log: '≡',
  measurement: '~',
  operator: '▶',
  supervisor: '⟳',
  effect: '✔',
  failure: '✘',
} as const;

/** Subject of a line; decides its sign and colour. */
type Sign = keyof typeof signs;

const tones: Readonly<Record<Sign, Tone>> = {
  link: 'blue',
  state: 'cyan',
  log: 'magenta',
  measurement: 'dim',
  operator: 'yellow',
  supervisor: 'yellow',
  effect: 'green',
  failure: 'red',
};

/** Explanation of the signs, printed at the start; each stays on one line. */
export const legend = [
  `${signs.link} connection`,
  `${signs.state} state report`,
  `${signs.log} log entry`,
  `${signs.measurement} measurement`,
  `${signs.operator} command`,
  `${signs.effect} its effect`,
  `${signs.supervisor} supervisor`,
  `${signs.failure} failure`,
]
  .map((sign) => sign.replaceAll(' ', '\u00a0'))
  .join('   ');

/** Where the text of a line with a sign begins. */
const textColumn = 20;

/** Stream and clock of the demo's output. */
export interface VoiceParts {
  readonly output: Output;
  /** Milliseconds since the demo began. */
  readonly elapsedMs: () => number;
}

/** Prints the demo's lines. */
export interface Voice {
  readonly paint: Paint;
  /** Prints a line; what goes on below is indented by `indent` spaces, 2 by default. */
  line(text: string, indent?: number): void;
  /** Prints a line with the time, the unit and the sign of its subject. */
  say(sign: Sign, who: string, text: string): void;
}

export const createVoice = ({ output, elapsedMs }: VoiceParts): Voice => {
  const paint = painter(output);
  return {
    paint,
    line: (text, indent = 2) => print(wrapped(text, output, indent), output),
    say: (sign, who, text) => {
      const time = `${(elapsedMs() / 1000).toFixed(1)}s`.padStart(7);
      const line = `${paint('dim', time)}  ${who.padEnd(8)} ${paint(tones[sign], signs[sign])} ${oneLine(text)}`;
      print(wrapped(line, output, textColumn), output);
    },
  };
};
