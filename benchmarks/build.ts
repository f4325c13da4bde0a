import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');

/** As they would be published, with what they need. False when one does not build; the reason is on stderr. */
export function buildPackages(...names: readonly string[]): boolean {
  const filters = names.map((name) => `--filter=@detent/${name}`);
  return run(root, 'turbo', 'run', 'build', '--output-logs=errors-only', ...filters);
}

export function buildContenders(): boolean {
  return run(import.meta.dirname, 'tsdown');
}

function run(cwd: string, command: string, ...args: readonly string[]): boolean {
  const env = { ...process.env, PATH: [bin, process.env['PATH']].join(delimiter), TURBO_TELEMETRY_DISABLED: '1' };
  return spawnSync(join(bin, command), args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}
