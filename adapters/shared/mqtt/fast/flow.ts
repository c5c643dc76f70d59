import type { MqttClient } from 'mqtt';

/**
 * Stops what comes of a stream, for as long as something else has to be done first.
 *
 * A browser's WebSocket can't pause, so data collects in memory.
 */
export interface Flow {
  /** Whether nothing may be read. */
  isHeld(): boolean;
  /** Holds for a moment, in which hardly anything comes. */
  hold(): void;
  /** Holds for a while: what comes stays in the socket, and so does its end. */
  pause(): void;
  /** Something came while nothing may be read. */
  keepOut(): void;
  /** Reads what came before, and lets the stream go on. */
  goOn(): void;
  /** Lets the stream run out. */
  release(): void;
}

/** @param read Reads what came, until it is held. */
export const createFlow = (stream: MqttClient['stream'], read: () => void): Flow => {
  let isHeld = false;
  let isPaused = false;
  const stop = () => {
    if (!isPaused) stream.pause();
    isPaused = true;
  };
  const release = () => {
    isHeld = false;
    if (isPaused) stream.resume();
    isPaused = false;
  };
  const flow: Flow = {
    isHeld: () => isHeld,
    hold: () => {
      isHeld = true;
    },
    pause: () => {
      isHeld = true;
      stop();
    },
    keepOut: stop,
    goOn: () => {
      isHeld = false;
      read();
      // What was read may hold again.
      if (!flow.isHeld()) release();
    },
    release,
  };
  return flow;
};
