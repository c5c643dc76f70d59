import type { Core } from '../model/core.ts';
import type { Operator } from '../model/operator.ts';
import type { Agent } from '../model/tokens.ts';

/** What a route finds beside its request. */
export interface RestEnv {
  Variables: { agent: Agent };
}

/** What the routes work with. */
export interface RestParts {
  readonly core: Core;
  readonly operator: Operator;
}
