import { resolve } from 'node:path';
import { choice, decodeUrlPart, didYouMean, misuse } from '@detent/core';

export const JOURNAL_MODES = ['keep', 'wal', 'delete', 'truncate', 'persist'] as const;
export const SYNCHRONOUS = ['off', 'normal', 'full', 'extra'] as const;

export type JournalMode = (typeof JOURNAL_MODES)[number];
export type Synchronous = (typeof SYNCHRONOUS)[number];

/** Where a database is, and what its URL says of the connection. */
export interface Address {
  /** Absolute; `null` for a database in memory. */
  readonly path: string | null;
  /** As it was written, without its parameters. */
  readonly shown: string;
  readonly journalMode?: JournalMode;
  readonly synchronous?: Synchronous;
  readonly busyTimeoutMs?: number;
}

const PARAMETERS = ['journalMode', 'synchronous', 'busyTimeoutMs'];

/**
 * Reads `sqlite:app.db`, `sqlite:///abs/app.db`, `file:app.db`, `:memory:` or a bare path. Parameters come from the list
 * above and nothing else is passed on to SQLite: its own `vfs=`, `mode=` or `immutable=` would bypass the checks made
 * here. Throws `CONFIG`.
 */
export function parseUrl(url: string): Address {
  if (url.includes('\0'))
    throw misuse('The SQLite URL holds a NUL character.', 'Write it anew, without what was pasted along.');
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1];
  if (scheme === undefined) return place(url, url);
  if (!['sqlite', 'sqlite3', 'file'].includes(scheme.toLowerCase())) {
    throw misuse(
      `"${scheme}:" is not a URL of SQLite.`,
      'Write sqlite:app.db, sqlite:///absolute/app.db, file:app.db, or a path.',
    );
  }
  const [written = '', query = ''] = url.slice(scheme.length + 1).split(/\?(.*)/s);
  return { ...place(decode(withoutAuthority(written)), `${scheme}:${written}`), ...parameters(query) };
}

function place(path: string, shown: string): Address {
  if (path === '')
    throw misuse(
      'The SQLite URL names no file.',
      'Write sqlite:app.db, or :memory: for a database that is gone when the process ends.',
    );
  return { path: path === ':memory:' ? null : resolve(path), shown };
}

function withoutAuthority(written: string): string {
  const authority = /^\/\/([^/]*)/.exec(written)?.[1];
  if (authority === undefined) return written;
  if (authority !== '' && authority !== 'localhost') {
    throw misuse(
      'A SQLite URL has no host.',
      'Write sqlite:app.db for a path from here, or sqlite:///… for an absolute one.',
    );
  }
  const path = written.slice(2 + authority.length);
  return /^\/[a-z]:\//i.test(path) ? path.slice(1) : path;
}

function decode(path: string): string {
  const hint = 'Write % as %25, ? as %3F and a space as %20; or pass a bare path.';
  return decodeUrlPart(path, 'The path in the SQLite URL', hint);
}

function parameters(query: string): Omit<Address, 'path' | 'shown'> {
  const given = new URLSearchParams(query);
  for (const name of given.keys()) {
    if (PARAMETERS.includes(name)) continue;
    throw misuse(
      `A SQLite URL has no parameter "${name}"${didYouMean(name, PARAMETERS) || '.'}`,
      `Known: ${PARAMETERS.join(', ')}.`,
    );
  }
  const journalMode = given.get('journalMode');
  const synchronous = given.get('synchronous');
  const busyTimeoutMs = given.get('busyTimeoutMs');
  return {
    ...(journalMode === null ? {} : { journalMode: choice('journalMode', journalMode, JOURNAL_MODES) }),
    ...(synchronous === null ? {} : { synchronous: choice('synchronous', synchronous, SYNCHRONOUS) }),
    ...(busyTimeoutMs === null ? {} : { busyTimeoutMs: milliseconds('busyTimeoutMs', busyTimeoutMs) }),
  };
}

/** Throws `CONFIG` for anything but a whole number from 0 on. */
export function milliseconds(name: string, value: string | number): number {
  const number = typeof value === 'number' ? value : /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw misuse(`${name} must be a whole number of milliseconds.`, 'Write e.g. 10000 for ten seconds.');
}
