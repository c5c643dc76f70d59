import { parseCommand, type Command, type CommandName } from './command.ts';

/** What happens to the commands that come in. */
export interface CommandIntakeParts {
  readonly onCommand: (command: Command) => void;
  readonly warn: (message: string) => void;
}

const isPowerOfTen = (count: number): boolean => Number.isInteger(Math.log10(count));

/**
 * Takes the commands out of the inbound messages. A retained one is never obeyed, whichever it is: the broker repeats it at
 * each connect, long after it was meant.
 */
export class CommandIntake {
  readonly #parts: CommandIntakeParts;
  /** Counts the retained commands of each topic. */
  #retained: Map<string, number> | undefined;

  constructor(parts: CommandIntakeParts) {
    this.#parts = parts;
  }

  /** Obeys, refuses or passes over the command that a message on its topic carries. */
  take(name: CommandName, topic: string, payload: Uint8Array, retained: boolean): void {
    if (retained) return this.#passOver(name, topic);
    const command = parseCommand(name, payload);
    if (typeof command === 'string') this.#parts.warn(`The command ${name} was refused: ${command}.`);
    else this.#parts.onCommand(command);
  }

  /** Warns of each topic's first, 10th, 100th and so on, as the broker sends them at each connect. */
  #passOver(name: CommandName, topic: string): void {
    const count = (this.#retained?.get(topic) ?? 0) + 1;
    this.#retained ??= new Map();
    this.#retained.set(topic, count);
    if (!isPowerOfTen(count)) return;
    const times = count === 1 ? '' : ` for the ${count}th time`;
    this.#parts.warn(
      `A retained command ${name} was passed over${times}: it was not meant for now. ` +
        `Send commands without the retain flag, and an empty retained message to ${topic.slice(0, 200)} to clear it.`,
    );
  }
}
