/** Mode of the fan: regulated by the temperature, or a fixed duty in percent. */
export type FanState = 'auto' | number;

/** Temperatures at which the fan starts and at which it reaches its full speed. */
export interface FanCurve {
  readonly startCelsius: number;
  readonly fullCelsius: number;
}

/** Parses `auto`, `on`, `off` or a duty from 0 to 100; `undefined` for anything else. */
export const parseFanState = (text: string): FanState | undefined => {
  const state = text.trim().toLowerCase();
  if (state === 'auto') return 'auto';
  if (state === 'on') return 100;
  if (state === 'off') return 0;
  const duty = state === '' ? Number.NaN : Number(state);
  return duty >= 0 && duty <= 100 ? duty : undefined;
};

/** Computes the fan's duty at a temperature, in percent. */
export const dutyAt = (celsius: number, state: FanState, { startCelsius, fullCelsius }: FanCurve): number => {
  if (state !== 'auto') return state;
  const share = (celsius - startCelsius) / (fullCelsius - startCelsius);
  return Math.round(100 * Math.min(1, Math.max(0, share)));
};
