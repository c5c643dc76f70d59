import type { UnitClient } from '../../app/public.ts';

type Relay = (source: undefined, target: unknown, event: { readonly type: string }) => void;

/** Fails a client's root machine, as nonsense from one of its own children would. */
export const failRoot = ({ actor }: Pick<UnitClient, 'actor'>): void => {
  const { _relay: relay } = actor.system as unknown as { readonly _relay: Relay };
  relay.call(actor.system, undefined, actor, { type: 'settings.loaded' });
};
