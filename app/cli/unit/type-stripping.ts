/** The versions of Node that run TypeScript as it is. */
export const nodesWithTypes = 'Node 22.18 or newer';

/** Whether this Node runs TypeScript as it is, by stripping its types. */
export const runsTypeScript = (): boolean =>
  ((process.features as { readonly typescript?: string | false }).typescript ?? false) !== false;

/** Whether this Node runs a program as it is. */
export const canRun = (main: string): boolean => !/\.[cm]?ts$/.test(main) || runsTypeScript();

/** Why this Node does not run a program in TypeScript, and what to do. */
export const whyNot = (main: string): string =>
  `${main} is TypeScript, which Node ${process.versions.node} does not run. Use ${nodesWithTypes}.`;
