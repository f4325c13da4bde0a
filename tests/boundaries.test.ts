import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf, violations, withoutComments } from './boundaries.ts';
import { root } from './workspace.ts';

const files = globSync('packages/{*,*/*}/src/**/*.{ts,tsx}', { cwd: root }).map((path) => ({
  path: path.split(sep).join('/'),
  text: readFileSync(join(root, path), 'utf8'),
}));

test('the import table of the architecture holds', () => {
  expect(files.length).toBeGreaterThan(5);
  expect(violations(files)).toEqual([]);
});

test.each([
  ['core importing another package', 'packages/core/src/executor.ts', `import { main } from '@detent/cli';`],
  ['core importing sql lazily', 'packages/core/src/run/runner.ts', `const sql = await import('@detent/sql');`],
  ['core having a dependency', 'packages/core/src/scan/scanner.ts', `import glob from 'fast-glob';`],
  [
    'core reading files outside scan and backup',
    'packages/core/src/run/runner.ts',
    `import { open } from 'node:fs/promises';`,
  ],
  ['a low room importing a high one', 'packages/core/src/plan/plan.ts', `import { runner } from '../run/runner.ts';`],
  ['a low room re-exporting a high one', 'packages/core/src/errors.ts', `export { plan } from './plan/plan.ts';`],
  ['the executor calling a renderer', 'packages/core/src/executor.ts', `import { draw } from './render/terminal.ts';`],
  ['a room nobody decided on', 'packages/core/src/utils/text.ts', `import { DetentError } from '../errors.ts';`],
  ['core naming a dialect', 'packages/core/src/run/runner.ts', `if (adapter.name === 'mySQL') again();`],
  ['an adapter importing another', 'packages/adapters/sqlite/src/lock.ts', `import { x } from '@detent/postgres';`],
  [
    'an adapter reaching into core by path',
    'packages/adapters/sqlite/src/lock.ts',
    `import { x } from '../../../core/src/errors.ts';`,
  ],
  ['conformance importing an adapter', 'packages/conformance/src/index.ts', `import { sqlite } from '@detent/sqlite';`],
  [
    'an integration importing an adapter',
    'packages/integrations/express/src/index.ts',
    `import type { X } from '@detent/postgres';`,
  ],
  ['the cli importing an adapter eagerly', 'packages/cli/src/main.ts', `import { sqlite } from '@detent/sqlite';`],
  ['a library ending the process', 'packages/integrations/nest/src/index.ts', `process.exit(1);`],
  ['a package nobody decided on', 'packages/helpers/src/index.ts', `export const one = 1;`],
])('%s is caught', (_, path, text) => {
  expect(violations([{ path, text }])).toHaveLength(1);
});

test.each([
  ['a higher room importing a lower one', 'packages/core/src/executor.ts', `import { plan } from './plan/plan.ts';`],
  ['a type from a higher room', 'packages/core/src/events.ts', `import type { Plan } from './plan/plan.ts';`],
  [
    'a dialect in a comment',
    'packages/core/src/run/runner.ts',
    `/* MySQL commits by itself */ const a = 1; // as does sqlite`,
  ],
  ['files in scan', 'packages/core/src/scan/directory.ts', `import { readFile } from 'node:fs/promises';`],
  [
    'the cli loading an adapter lazily',
    'packages/cli/src/adapters.ts',
    `const { sqlite } = await import('@detent/sqlite');`,
  ],
  ['the cli ending the process', 'packages/cli/src/main.ts', `process.exit(1);`],
  [
    'an adapter running the conformance suite',
    'packages/adapters/sqlite/src/c.test.ts',
    `import { suite } from '@detent/conformance';`,
  ],
])('%s is allowed', (_, path, text) => {
  expect(violations([{ path, text }])).toEqual([]);
});

test('imports over several lines are seen', () => {
  expect(
    importsOf(`import {\n  a,\n  type B,\n} from 'x';\nexport * from 'y';\nimport 'z';\nimport type { T } from 't';`),
  ).toEqual([
    { from: 'x', kind: 'value' },
    { from: 'y', kind: 'value' },
    { from: 't', kind: 'type' },
    { from: 'z', kind: 'value' },
  ]);
});

test('what looks like a comment inside a string or a pattern stays', () => {
  const code = `const a = 'http://x'; const b = /'|\\/\\//; const c = \`/* \${a} */\`;`;
  expect(withoutComments(`${code} // gone`).trimEnd()).toBe(code);
});
