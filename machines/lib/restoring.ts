import type { AnyStateMachine } from 'xstate';
import { ClientError } from '../../services/errors.ts';

const refuse = (): never => {
  throw new ClientError(
    'invalid',
    'A unit can not be restored from a snapshot: what it keeps is in its own files. Start it without one.',
  );
};

/** Makes a machine, and what is provided from it, refuse to be restored from a snapshot: its children would be strangers. */
export const refuseRestoring = <TMachine extends AnyStateMachine>(machine: TMachine): TMachine => {
  const provide = machine.provide.bind(machine);
  return Object.assign(machine, {
    restoreSnapshot: refuse,
    provide: (implementations: Parameters<typeof provide>[0]) => refuseRestoring(provide(implementations)),
  });
};
