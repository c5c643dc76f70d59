/** Who may import whom. Each rule's name says what it protects. */
const inspectorOfNode = 'inspector/(server/[^/]+|stately/link|unit-hook|recorder/uplink)\\.ts';
const nodeRoots = `node\\.ts|instance/|cli/|demo/|terminal/|examples/|${inspectorOfNode}`;
const nodeEntries = `app/(${nodeRoots})`;
const notNodeEntries = `app/(?!${nodeRoots})`;
const npmBut = (ok) => ({
  dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
  pathNot: `node_modules/(${ok})/`,
});
/** The rooms of adapters/node that each room may use besides itself. */
const nodeRooms = {
  fs: [],
  storage: ['fs'],
  outbox: ['fs'],
  archive: ['fs'],
  process: ['fs'],
  firmware: ['fs', 'storage', 'archive', 'process'],
  packages: ['fs', 'firmware'],
  signing: ['fs', 'storage', 'archive', 'process', 'firmware'],
  program: ['fs', 'storage', 'archive', 'process', 'firmware', 'signing'],
};
const rule = (name, from, to) => ({ name, severity: 'error', from, to });

module.exports = {
  forbidden: [
    rule('no-circular', {}, { circular: true }),
    rule('no-orphan', { orphan: true, path: '^(machines|services|adapters)/' }, {}),
    rule('source-never-imports-tests', { pathNot: '^test/' }, { path: '^test/' }),
    rule('machines-import-no-world', { path: '^machines/' }, { path: '^(adapters|app)/' }),
    rule(
      'machines-take-services-as-types',
      { path: '^machines/' },
      { path: '^services/(?!(errors|json|log|firmware-journal)\\.ts$)', dependencyTypesNot: ['type-only'] },
    ),
    rule('machines-use-only-xstate', { path: '^machines/' }, npmBut('xstate')),
    rule(
      'siblings-meet-in-root',
      { path: '^machines/(?!(?:unit|index)[./])([^/.]+)' },
      { path: '^machines/', pathNot: '^machines/($1[./]|lib/)', dependencyTypesNot: ['type-only'] },
    ),
    rule('services-import-no-one', { path: '^services/' }, { path: '^(machines|adapters|app)/' }),
    rule('services-use-only-xstate', { path: '^services/' }, npmBut('xstate')),
    rule('adapters-import-only-services', { path: '^adapters/' }, { path: '^(machines|app)/' }),
    rule(
      'adapters-take-services-as-types',
      { path: '^adapters/' },
      {
        path: '^services/(?!(errors|json|redaction|firmware-journal|firmware-transitions|firmware-trial)\\.ts$)',
        dependencyTypesNot: ['type-only'],
      },
    ),
    rule('adapters-know-no-actors', { path: '^adapters/' }, { path: 'node_modules/xstate/' }),
    rule(
      'platforms-do-not-mix',
      { path: '^adapters/([^/]+)/' },
      { path: '^adapters/', pathNot: '^adapters/($1|shared)/' },
    ),
    ...Object.entries(nodeRooms).map(([room, below]) =>
      rule(
        `node-${room}-runs-down`,
        { path: `^adapters/node/${room}/` },
        { path: '^adapters/node/', pathNot: `^adapters/node/(${[room, ...below].join('|')})/` },
      ),
    ),
    rule(
      'node-files-stand-alone',
      { path: '^adapters/node/([^/]+)$' },
      { path: '^adapters/node/', pathNot: '^adapters/node/($1$|fs/)' },
    ),
    rule(
      'messaging-is-below-logging-and-client',
      { path: '^app/messaging/' },
      { path: '^app/', pathNot: '^app/messaging/' },
    ),
    rule('logging-is-below-client', { path: '^app/logging/' }, { path: '^app/', pathNot: '^app/(logging|messaging)/' }),
    rule(
      'inbound-and-outbound-do-not-meet',
      { path: '^app/messaging/(inbound|outbound)/' },
      { path: '^app/messaging/((inbound|outbound)/|router\\.ts$)', pathNot: '^app/messaging/$1/' },
    ),
    rule(
      'only-node-uses-node',
      { path: `^(machines|services|adapters/(?!node/)|${notNodeEntries})` },
      { dependencyTypes: ['core'] },
    ),
    rule(
      'only-node-entries-reach-node',
      { path: `^${notNodeEntries}` },
      { reachable: true, path: `^(adapters/node/|${nodeEntries})` },
    ),
    rule('platform-is-the-ground-of-app', { path: '^app/platform\\.ts$' }, { path: '^app/' }),
    rule(
      'client-api-and-options-are-below-client',
      { path: '^app/client/(api|options)/' },
      { path: '^app/client/(?!(api|options)/|(await-event|inspection|root)\\.ts$)' },
    ),
    rule('diagram-stands-alone', { path: '^app/diagram/' }, { path: '^app/(?!diagram/)' }),
    rule('terminal-is-the-ground-of-cli-and-demo', { path: '^app/terminal/' }, { path: '^app/(?!terminal/)' }),
    rule(
      'demo-is-below-cli',
      { path: '^app/demo/' },
      { path: '^app/(?!(demo|terminal)/|(instance/index|inspector/variable)\\.ts$)' },
    ),
    rule(
      'inspector-is-for-cli-and-demo',
      { path: '^(machines|services|adapters|app)/', pathNot: '^app/(inspector|cli|demo)/' },
      { path: '^app/inspector/' },
    ),
    rule(
      'inspector-knows-types-of-the-unit',
      { path: '^app/inspector/' },
      { path: '^app/(client|messaging|logging|cli|demo|instance)/', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'instance-store-is-the-ground',
      { path: '^app/instance/(store/|errors\\.ts$)' },
      { path: '^app/(?!instance/(store/|errors\\.ts$))' },
    ),
    rule(
      'instance-model-knows-no-wire',
      { path: '^app/instance/model/' },
      { path: '^app/(?!instance/((model|store)/|errors\\.ts$))' },
    ),
    rule(
      'instance-mqtt-and-rest-are-apart',
      { path: '^app/instance/(mqtt|rest)/' },
      { path: '^app/', pathNot: '^app/instance/(($1|model|store)/|errors\\.ts$)' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
