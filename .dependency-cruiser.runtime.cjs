/** What is imported at run time, once types are erased: stricter than who may name whose types. */
const base = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'workflows-only-activity-types',
      comment: 'Workflows may use types of activities/, never their code',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/' },
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
  options: { ...base.options, tsPreCompilationDeps: false },
};
