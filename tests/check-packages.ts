import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { packAll, run } from './workspace.ts';

const folder = mkdtempSync(join(tmpdir(), 'detent-packages-'));
let failed = 0;

try {
  for (const [name, tarball] of packAll(folder)) {
    for (const [tool, args] of [
      ['publint', ['run', tarball, '--strict']],
      ['attw', [tarball, '--profile', 'esm-only', '--no-color']],
    ] as const) {
      const { status, output } = run(tool, args);
      if (status === 0) continue;
      failed += 1;
      console.log(`${tool} ${name} (${basename(tarball)})\n${output}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

process.exitCode = failed === 0 ? 0 : 1;
