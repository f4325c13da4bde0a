import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { sideFolder } from './debian.ts';
import { reportNotRun } from './not-run.ts';
import { once } from './once.ts';
import type { PostgresMajor } from './postgres.ts';

interface Found {
  readonly folder: string | null;
  readonly reason: string;
}

/** A folder with `pg_dump` and `pg_restore` of that version, or of a newer one. `null`, and said at the end of the run, where none can be had. */
export async function postgresClient(major: PostgresMajor): Promise<string | null> {
  const { folder, reason } = await once<Found>(`postgres-client-${major}`, async () => find(major));
  if (folder === null) reportNotRun({ suite: `pg_dump ${major}`, reason, required: false });
  return folder;
}

function find(major: PostgresMajor): Found {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const folder = [...path, `/usr/lib/postgresql/${major}/bin`].find((each) => isOf(each, major));
  if (folder !== undefined) return { folder, reason: '' };
  try {
    // A suite of Debian that the rest of the machine is not of.
    const side = sideFolder({
      name: 'postgres-client-18',
      suite: 'forky',
      package: 'postgresql-client-18',
      program: 'usr/lib/postgresql/18/bin/pg_dump',
    });
    if (side === null) return { folder: null, reason: 'it is not installed, and no package of Debian can be had' };
    const own = join(side.root, 'started');
    mkdirSync(own, { recursive: true });
    for (const name of ['pg_dump', 'pg_restore']) {
      const words = [...side.loader, join(side.root, 'usr/lib/postgresql/18/bin', name)];
      writeFileSync(join(own, name), `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
      chmodSync(join(own, name), 0o755);
    }
    return isOf(own, '18') ? { folder: own, reason: '' } : { folder: null, reason: 'what Debian has does not run' };
  } catch (error) {
    return { folder: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

function isOf(folder: string, major: PostgresMajor): boolean {
  const programs = ['pg_dump', 'pg_restore'].map((name) => join(folder, name));
  return programs.every((program) => {
    if (!existsSync(program)) return false;
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 });
    return stdout?.includes(`(PostgreSQL) ${major}.`) ?? false;
  });
}
