/** The versions of Node that run TypeScript as it is. */
export const nodesWithTypes = 'Node 22.18 or newer';

/** Whether this Node runs TypeScript as it is, by stripping its types. */
export const runsTypeScript = (): boolean =>
  ((process.features as { readonly typescript?: string | false }).typescript ?? false) !== false;
