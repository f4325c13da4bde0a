import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DetentError, type DatabaseAdapter } from '@detent/core';
import { isInstalled, type Configuration } from '@detent/cli/config';
import type { PgliteDatabase } from '@detent/postgres';

/** A database that may be filled and emptied; gone when it is disposed. */
export interface Scratch extends AsyncDisposable {
  readonly adapter: DatabaseAdapter;
}

const PGLITE = '@electric-sql/pglite';

/** Of the kind of the configured database, and never that one. Throws `CONFIG` where there is none to be had. */
export async function openScratch({ options, root }: Configuration): Promise<Scratch> {
  const { adapter } = options;
  if (adapter.name === 'sqlite') {
    const folder = mkdtempSync(join(process.env['RUNNER_TEMP'] ?? tmpdir(), 'detent-scratch-'));
    return {
      adapter: adapter.at(`sqlite:${join(folder, 'scratch.db')}`),
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
    };
  }
  if (adapter.name === 'postgres' && isInstalled(PGLITE, root)) {
    const path = createRequire(join(root, 'package.json')).resolve(PGLITE);
    const { PGlite } = (await import(pathToFileURL(path).href)) as { readonly PGlite: new () => Pglite };
    const { postgres } = await import('@detent/postgres');
    const database = new PGlite();
    return {
      adapter: postgres({ pglite: database }) as unknown as DatabaseAdapter,
      [Symbol.asyncDispose]: () => database.close(),
    };
  }
  throw new DetentError('CONFIG', 'check has no empty database to try the migrations on.', {
    hint: 'Add a service container to the job and pass its address as scratch-url.',
  });
}

interface Pglite extends PgliteDatabase {
  close(): Promise<void>;
}
