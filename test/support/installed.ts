/** Resolves a package that is built in as the one that is installed: the tests of sources need no build, and can spy on it. */
export const installed = { resolve: { conditions: ['installed', 'module', 'node', 'development|production'] } };
