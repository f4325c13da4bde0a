import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { must, publicPackages, root } from './workspace.ts';

interface Task {
  readonly taskId: string;
  readonly dependencies: readonly string[];
}

test('a package is built again when another one that is built into it changes', () => {
  must('pnpm', ['build']);
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' };
  const { stdout } = must('pnpm', ['exec', 'turbo', 'run', 'build', '--dry=json'], { env });
  const { tasks } = JSON.parse(stdout) as { readonly tasks: readonly Task[] };
  const packages = publicPackages();
  const builtIn = packages.flatMap(({ name, folder }) =>
    [...new Set(sourcesOf(join(root, folder, 'dist')))]
      .map((source) => packages.find((other) => source.startsWith(`${other.folder}/src/`))?.name ?? '')
      .filter((other) => other !== name && other !== '')
      .map((other) => ({ task: `${name}#build`, needs: `${other}#build` })),
  );
  expect(builtIn.length).toBeGreaterThan(0);
  for (const { task, needs } of builtIn)
    expect(tasks.find(({ taskId }) => taskId === task)?.dependencies, task).toContain(needs);
});

/** From the root, with `/`. */
function sourcesOf(dist: string): readonly string[] {
  return readdirSync(dist)
    .filter((file) => file.endsWith('.js.map'))
    .map((file) => join(dist, file))
    .flatMap((file) => {
      const { sources } = JSON.parse(readFileSync(file, 'utf8')) as { readonly sources: readonly string[] };
      return sources.map((source) =>
        relative(root, resolve(dirname(file), source))
          .split(sep)
          .join('/'),
      );
    });
}
