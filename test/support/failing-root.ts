import type { ChildName } from '../../machines/unit/context.ts';
import type { UnitClient } from '../../app/public.ts';

interface Received {
  readonly type: string;
  readonly actorId?: string;
  readonly error?: Error;
}
type Relay = (source: undefined, target: unknown, event: Received) => void;

/** Lets a client's root machine receive what only its own children send. */
const relayTo = ({ actor }: Pick<UnitClient, 'actor'>, event: Received): void => {
  const { _relay: relay } = actor.system as unknown as { readonly _relay: Relay };
  relay.call(actor.system, undefined, actor, event);
};

/** Fails a client's root machine, as nonsense from one of its own children would. */
export const failRoot = (client: Pick<UnitClient, 'actor'>): void => relayTo(client, { type: 'settings.loaded' });

/** Fails one of a client's child machines, as an action of it that throws would. */
export const breakMachine = (client: Pick<UnitClient, 'actor'>, child: ChildName): void =>
  relayTo(client, { type: `xstate.error.actor.${child}`, actorId: child, error: new Error('a machine broke') });
