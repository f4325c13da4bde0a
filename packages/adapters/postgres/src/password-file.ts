import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Variables } from './environment.ts';

/** Whose password is looked for. */
export interface Account {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** What the password file says, and why it was not believed where it was not. */
export type FilePassword =
  | { readonly kind: 'found'; readonly password: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'ignored'; readonly why: string };

/** Looks into `PGPASSFILE` or `~/.pgpass`, as psql does: `host:port:database:user:password`, the first line that fits. */
export async function passwordFromFile(account: Account, variables: Variables): Promise<FilePassword> {
  const file = variables['PGPASSFILE'] ?? usualFile(variables);
  try {
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      return { kind: 'ignored', why: `${file} was not read, because others may read it too: chmod 0600 it.` };
    for (const line of readFileSync(file, 'utf8').split(/\r?\n/)) {
      const password = passwordIn(line, account);
      if (password !== null) return { kind: 'found', password };
    }
    return { kind: 'none' };
  } catch {
    return { kind: 'none' };
  }
}

function usualFile(variables: Variables): string {
  return process.platform === 'win32'
    ? join(variables['APPDATA'] ?? '', 'postgresql', 'pgpass.conf')
    : join(variables['HOME'] ?? homedir(), '.pgpass');
}

function passwordIn(line: string, { host, port, database, user }: Account): string | null {
  if (line.startsWith('#')) return null;
  const fields = [...line.matchAll(/((?:[^:\\]|\\.)*)(?::|$)/g)].map(([, field = '']) =>
    field.replaceAll(/\\(.)/g, '$1'),
  );
  // A socket in a folder of its own is named by that folder.
  const names = host.startsWith('/') ? [host, 'localhost'] : [host];
  const wanted = [names, [String(port)], [database], [user]];
  const fits = wanted.every((values, index) => fields[index] === '*' || values.includes(fields[index] ?? ''));
  const password = fields[4] ?? '';
  return fits && password !== '' ? password : null;
}
