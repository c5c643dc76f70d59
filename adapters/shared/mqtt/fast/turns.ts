/** Longest time of messages in one turn of the event loop, milliseconds. */
const maxTurnMs = 5;
/** Messages between two looks at the clock. */
const perLook = 32;

/** Lets timers and signals have their turn between many messages. */
export interface Turns {
  /** A message was handled. @returns Whether the next one has to wait for {@link Turns.next}. */
  isOver(): boolean;
  /** Calls back in the next turn. */
  next(goOn: () => void): void;
}

/** In a browser each WebSocket message comes in a turn of its own. */
const endless: Turns = { isOver: () => false, next: (goOn) => goOn() };

export const createTurns = (): Turns => {
  if (typeof setImmediate !== 'function') return endless;
  let count = 0;
  let dueMs = 0;
  const end = () => {
    dueMs = 0;
  };
  return {
    isOver: () => {
      count = (count + 1) % perLook;
      if (count !== 0) return false;
      const now = performance.now();
      if (dueMs !== 0) return now >= dueMs;
      dueMs = now + maxTurnMs;
      setImmediate(end);
      return false;
    },
    next: (goOn) => void setImmediate(goOn),
  };
};
