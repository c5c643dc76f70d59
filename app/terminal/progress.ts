import { displayWidth } from './layout.ts';
import { isAnsi, widthOf, type Output } from './output.ts';

/** Shows people what is being done. Ends with its scope, and leaves nothing on the screen. */
export interface Progress extends Disposable {
  /**
   * Shows a step.
   *
   * @param share How much of it is done, from 0 to 1. @defaultValue nobody knows
   * @param detail What the share is of, such as `3 of 9 files`.
   */
  show(step: string, share?: number, detail?: string): void;
}

const clearLine = '\r\u001b[2K';
/** Least time between two drawings, milliseconds. */
const drawEveryMs = 100;
const maxBar = 30;
const minBar = 5;

const barOf = (share: number, width: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
};

/** One line of at most `width` columns. */
const lineOf = (step: string, share: number | undefined, detail: string, width: number): string => {
  if (share === undefined) return `${step} …`;
  const end = `${Math.floor(share * 100)} %`.padStart(5);
  const more = detail === '' ? '' : `  ${detail}`;
  const room = width - displayWidth(`${step}   ${end}${more}`);
  if (room >= minBar) return `${step}  ${barOf(share, Math.min(maxBar, room))} ${end}${more}`;
  return `${step} ${end}`;
};

/** Shows nothing. */
export const silentProgress: Progress = { show: () => undefined, [Symbol.dispose]: () => undefined };

/** One line for each step, where a line can't be drawn again. */
const stepwise = (to: Output): Progress => {
  let last = '';
  return {
    ...silentProgress,
    show: (step) => {
      if (step !== last) to.write(`${step} …\n`);
      last = step;
    },
  };
};

const drawn = (to: Output, now: () => number): Progress => {
  let last = '';
  let drawnAt = -Infinity;
  return {
    show: (step, share, detail = '') => {
      if (step === last && now() - drawnAt < drawEveryMs) return;
      last = step;
      drawnAt = now();
      const line = lineOf(step, share, detail, widthOf(to) - 1);
      to.write(clearLine + line);
    },
    [Symbol.dispose]: () => void (last !== '' && to.write(clearLine)),
  };
};

/**
 * Shows progress on a terminal: a line that is drawn again and again, or where colours may not be used, one for each step.
 * Elsewhere nobody watches, and it shows nothing.
 */
export const createProgress = (
  to: Output = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
  now: () => number = performance.now.bind(performance),
): Progress => {
  if (to.isTTY !== true) return silentProgress;
  return isAnsi(to, env) ? drawn(to, now) : stepwise(to);
};

const units = ['B', 'kB', 'MB', 'GB'] as const;

/** A number of bytes for people, such as `1.2 MB`. */
export const bytesText = (bytes: number): string => {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
};
