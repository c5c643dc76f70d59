import type { ActorRefFrom, AnyActorLogic, AnyActorRef } from 'xstate';

/** Finds a running actor by its `systemId`; `sendTo` would quietly talk to itself if none were found. */
export const running = <TLogic extends AnyActorLogic>(
  system: AnyActorRef['system'],
  id: string,
): ActorRefFrom<TLogic> => {
  const actor: ActorRefFrom<TLogic> | undefined = system.get(id);
  if (!actor) throw new Error(`No actor "${id}" is running`);
  return actor;
};
