import { oneLine } from '../../adapters/shared/log/log-lines.ts';
import { painter, print, type Output, type Paint, type Tone } from '../terminal/output.ts';

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

/** What a line is about. */
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

/** What each sign stands for. */
export const legend = [
  `${signs.link} connection`,
  `${signs.state} state report`,
  `${signs.log} log entry`,
  `${signs.measurement} measurement`,
  `${signs.operator} command`,
  `${signs.effect} its effect`,
  `${signs.supervisor} supervisor`,
  `${signs.failure} failure`,
].join('   ');

/** Where a story is told, and by which clock. */
export interface VoiceParts {
  readonly output: Output;
  /** Milliseconds since the story began. */
  readonly elapsedMs: () => number;
}

/** Writes the lines of a story. */
export interface Voice {
  readonly paint: Paint;
  /** One line as it is. */
  line(text: string): void;
  /** One line about what has just happened, and to whom. */
  say(sign: Sign, who: string, text: string): void;
}

export const createVoice = ({ output, elapsedMs }: VoiceParts): Voice => {
  const paint = painter(output);
  return {
    paint,
    line: (text) => print(text, output),
    say: (sign, who, text) => {
      const time = `${(elapsedMs() / 1000).toFixed(1)}s`.padStart(7);
      print(`${paint('dim', time)}  ${who.padEnd(8)} ${paint(tones[sign], signs[sign])} ${oneLine(text)}`, output);
    },
  };
};
