import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Pending {
  readonly version: string;
  readonly text: string;
  readonly checksum: string;
}

/** What is not applied yet; each file is read and hashed. `applied`: checksums by version. Throws for an edited file. */
export function pendingIn(folder: string, applied: ReadonlyMap<string, string> | null): readonly Pending[] {
  const pending: Pending[] = [];
  for (const file of readdirSync(folder).toSorted()) {
    const bytes = readFileSync(join(folder, file));
    const checksum = hash('sha256', bytes);
    const version = file.slice(1, file.indexOf('_'));
    const known = applied?.get(version);
    if (known === undefined) pending.push({ version, text: bytes.toString(), checksum });
    else if (known !== checksum) throw new Error(`${file} was edited.`);
  }
  return pending;
}
