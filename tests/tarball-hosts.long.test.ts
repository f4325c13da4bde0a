import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeInstalled, OF_NEST } from './hosts/installed.ts';
import { root } from './workspace.ts';

/** The first versions that the packages say they work with. */
const OLDEST = {
  express: ['4.18.0', '5.0.0'],
  // 12.0.0 of its core asks for 11 of its common, so npm does not install it.
  nest: ['11.0.0', '12.0.1'],
  vite: ['7.0.0', '8.0.0'],
} as const;

test.each(['express', 'nest', 'vite'] as const)('@detent/%s promises what is run here, and no more', (name) => {
  const file = join(root, 'packages/integrations', name, 'package.json');
  const { peerDependencies } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly peerDependencies: Readonly<Record<string, string>>;
  };
  const { '@detent/core': _core, ...frameworks } = peerDependencies;
  for (const range of Object.values(frameworks))
    expect(range).toBe(OLDEST[name].map((version) => `^${version}`).join(' || '));
});

for (const [index, type] of (['commonjs', 'module'] as const).entries()) {
  const [express, nest, vite] = [OLDEST.express[index], OLDEST.nest[index], OLDEST.vite[index]];
  const ofNest = OF_NEST.map((name) => `${name}@${nest}`);
  describeInstalled({
    name: `Express ${express}, Nest ${nest} and Vite ${vite}`,
    type,
    others: [`express@${express}`, ...ofNest, 'reflect-metadata@0.2', 'rxjs@7', `vite@${vite}`],
  });
}
