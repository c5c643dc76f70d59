import { parseCommand, type Command, type CommandName } from './command.ts';

/** What happens to the commands that come in. */
export interface CommandIntakeParts {
  readonly onCommand: (command: Command) => void;
  readonly warn: (message: string) => void;
}

/** Takes the commands out of the inbound messages. */
export interface CommandIntake {
  /** Obeys, refuses or passes over the command that a message on its topic carries. */
  take(name: CommandName, topic: string, payload: Uint8Array, retained: boolean): void;
}

const isPowerOfTen = (count: number): boolean => Number.isInteger(Math.log10(count));

/** Warns of retained commands: of each topic's first, 10th, 100th and so on, as the broker sends them at each connect. */
const createRetainedWarnings = (warn: (message: string) => void) => {
  const counts = new Map<string, number>();
  return (name: CommandName, topic: string) => {
    const count = (counts.get(topic) ?? 0) + 1;
    counts.set(topic, count);
    if (!isPowerOfTen(count)) return;
    const times = count === 1 ? '' : ` for the ${count}th time`;
    warn(
      `A retained command ${name} was passed over${times}: it was not meant for now. ` +
        `Send commands without the retain flag, and an empty retained message to ${topic.slice(0, 200)} to clear it.`,
    );
  };
};

/**
 * Creates the intake of commands. A retained one is never obeyed, whichever it is: the broker repeats it at each connect,
 * long after it was meant.
 */
export const createCommandIntake = ({ onCommand, warn }: CommandIntakeParts): CommandIntake => {
  const passOver = createRetainedWarnings(warn);

  const handle = (name: CommandName, payload: Uint8Array) => {
    const command = parseCommand(name, payload);
    if (typeof command === 'string') warn(`The command ${name} was refused: ${command}.`);
    else onCommand(command);
  };

  return {
    take: (name, topic, payload, retained) => {
      if (retained) passOver(name, topic);
      else handle(name, payload);
    },
  };
};
