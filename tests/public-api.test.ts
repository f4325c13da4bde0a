import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { withoutComments } from './boundaries.ts';
import { exportedNames, type PublicApi } from './public-api.ts';
import { publicPackages, root } from './workspace.ts';

const indexes = publicPackages().map(({ name, folder }) => ({ name, path: join(root, folder, 'src/index.ts') }));
const codeOf = (path: string): string => withoutComments(readFileSync(path, 'utf8'));

/** A change here is a change of the public surface: update with `pnpm vitest -u`, and say so in a changeset. */
test('the public names are the pinned ones', async () => {
  const api: Record<string, PublicApi> = Object.fromEntries(
    indexes.map(({ name, path }) => [name, exportedNames(codeOf(path))]),
  );
  await expect(`${JSON.stringify(api, null, 2)}\n`).toMatchFileSnapshot('public-api.json');
});

test.each(indexes)('$name lists its names by hand', async ({ path }) => {
  expect(codeOf(path)).not.toMatch(/^export\s+(type\s+)?\*/m);
  const module = (await import(pathToFileURL(path).href)) as object;
  expect(Object.keys(module).toSorted()).toEqual(exportedNames(codeOf(path)).values);
});

test('every form of export is read', () => {
  const code = [
    `export { a, type B, c as d } from './x.ts';`,
    `export type { E } from './y.ts';`,
    'export const f = 1;',
    'export async function g() {}',
    'export class H {}',
    'export interface I {}',
    'export type J = 1;',
  ].join('\n');
  expect(exportedNames(code)).toEqual({ values: ['H', 'a', 'd', 'f', 'g'], types: ['B', 'E', 'I', 'J'] });
});
