import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** Servers are started by the first suite that asks; this ends them. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'detent-servers-'));
  process.env['TEST_SERVERS_FOLDER'] = folder;
  process.env['TEST_SERVERS_OWNER'] = String(process.pid);
  return () => {
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
      const { keeper } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { readonly keeper?: number };
      if (keeper !== undefined) stop(keeper);
    }
    rmSync(folder, { recursive: true, force: true });
  };
}

function stop(keeper: number): void {
  try {
    process.kill(keeper, 'SIGTERM');
  } catch {
    // It ended by itself.
  }
}
