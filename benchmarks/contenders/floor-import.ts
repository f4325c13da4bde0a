// One import after another, with Node's compile cache on.
import { readdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Job } from '../job.ts';
import { contend } from './contend.ts';

await contend({ load });

async function load({ folder }: Job): Promise<number> {
  enableCompileCache();
  let count = 0;
  for (const file of readdirSync(folder).toSorted()) {
    const module = (await import(pathToFileURL(join(folder, file)).href)) as { readonly up?: unknown };
    if (typeof module.up === 'function') count += 1;
  }
  return count;
}
