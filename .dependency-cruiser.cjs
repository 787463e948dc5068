/** The house's import rules (docs/architecture.md): who may import whom. `npm run check:imports` holds them. */
const rooms = [
  'contracts',
  'workflows',
  'activities',
  'lanes',
  'store',
  'workers',
  'api',
  'client',
  'cli',
  'infrastructure',
  'sandbox',
  'bench',
];
/** Each room and the rooms that it may import, itself aside. Tests, scripts and examples may import all. */
const mayImport = {
  contracts: [],
  // Types of activities only; a lint rule (.oxlintrc.json) sees to that.
  workflows: ['contracts', 'activities'],
  activities: ['contracts', 'infrastructure', 'store', 'lanes', 'client'],
  lanes: ['contracts', 'infrastructure'],
  store: ['contracts', 'infrastructure'],
  infrastructure: ['contracts'],
  client: ['contracts'],
  // The operators' command; `setup` also deploys the contract.
  cli: ['contracts', 'client', 'workers'],
  api: ['contracts', 'infrastructure', 'store', 'lanes', 'client'],
  workers: ['contracts', 'infrastructure', 'store', 'lanes', 'activities', 'client'],
  sandbox: ['contracts', 'infrastructure', 'store', 'lanes', 'activities', 'client', 'cli', 'workers', 'api'],
  bench: ['contracts', 'infrastructure', 'store', 'lanes', 'activities', 'client', 'workers', 'sandbox'],
};

const roomRules = Object.entries(mayImport).map(([room, allowed]) => ({
  name: `${room}-imports`,
  comment: `${room}/ may import ${allowed.join(', ') || 'no other room'}`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: {
    path: `^(${rooms.filter((other) => other !== room && !allowed.includes(other)).join('|')})/`,
  },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'deterministic',
      comment: 'Workflows and what they load know no clock, no I/O and no environment',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'contracts-are-pure',
      comment: 'Hashing is pure; everything else of Node is not',
      severity: 'error',
      from: { path: '^contracts/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'no-circular',
      comment: 'Two files that need each other are one file, or three',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-dev-at-run-time',
      comment: 'What runs in production is a dependency, not a devDependency',
      severity: 'error',
      from: { path: '^(contracts|workflows|activities|lanes|store|workers|api|client|cli|infrastructure)/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.generated\\.json$' },
    tsPreCompilationDeps: true,
    // TypeScript 7 has no compiler interface for tools yet; swc reads the same syntax.
    parser: 'swc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
