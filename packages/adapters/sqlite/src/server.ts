import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ServerFact, ServerInfo } from '@detent/core';
import type { Connection } from './driver.ts';
import type { Link } from './link.ts';

/** Looked up when it is asked for: a start that finds nothing to do must not pay for them. */
export function describeServer(link: Link): ServerInfo {
  return {
    product: 'SQLite',
    get version() {
      return String(link.now().value('SELECT sqlite_version()'));
    },
    get facts() {
      return factsOf(link.now(), link.path);
    },
  };
}

function factsOf(connection: Connection, path: string | null): readonly ServerFact[] {
  const pragma = (name: string): string => String(connection.value(`PRAGMA ${name}`));
  const { library } = connection;
  return [
    { name: 'SQLite', value: String(connection.value('SELECT sqlite_version()')), level: 'ok' },
    { name: 'driver', value: `${library.name} ${library.version}`, level: 'ok' },
    ...fileFacts(path),
    ...(path !== null && connection.path === null ? [] : [journalFact(pragma('journal_mode'), path)]),
    {
      name: 'synchronous',
      value: SYNCHRONOUS_LEVELS[Number(pragma('synchronous'))] ?? 'unknown',
      ...(pragma('synchronous') === '0' ? UNSAFE : OK),
    },
    { name: 'foreign keys', value: pragma('foreign_keys') === '1' ? 'on' : 'off', level: 'ok' },
    { name: 'page size', value: bytes(Number(pragma('page_size'))), level: 'ok' },
    integrityFact(connection),
  ];
}

const OK = { level: 'ok' } as const;
const UNSAFE = { level: 'warn', hint: 'A power cut may damage the file; use normal or full.' } as const;
const SYNCHRONOUS_LEVELS = ['off', 'normal', 'full', 'extra'];

function fileFacts(path: string | null): readonly ServerFact[] {
  if (path === null) return [{ name: 'file', value: 'none: a database in memory', level: 'ok' }];
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  const free = freeBytes(dirname(path));
  const tight = free !== null && free < (size ?? 0) * 1.2;
  return [
    { name: 'file', value: path, level: 'ok' },
    { name: 'size', value: size === undefined ? 'not created yet' : bytes(size), level: 'ok' },
    ...(log === 0 ? [] : [{ name: 'write-ahead log', value: bytes(log), level: 'ok' } as const]),
    {
      name: 'free disk space',
      value: free === null ? 'unknown' : bytes(free),
      ...(tight ? ({ level: 'warn', hint: 'A backup beside the database needs 1.2 times its size.' } as const) : OK),
    },
  ];
}

function journalFact(mode: string, path: string | null): ServerFact {
  if (path === null || mode === 'wal') return { name: 'journal mode', value: mode, level: 'ok' };
  if (mode === 'off')
    return {
      name: 'journal mode',
      value: mode,
      level: 'error',
      hint: 'Nothing can be rolled back; run PRAGMA journal_mode = wal.',
    };
  return {
    name: 'journal mode',
    value: mode,
    level: 'ok',
    hint: "journalMode: 'wal' makes commits several times faster and lets others read meanwhile.",
  };
}

function integrityFact(connection: Connection): ServerFact {
  const result = String(connection.value('PRAGMA quick_check(1)'));
  if (result === 'ok') return { name: 'integrity', value: 'ok', level: 'ok' };
  return { name: 'integrity', value: result, level: 'error', hint: 'The file is damaged; restore a backup.' };
}

/** `null` where the file system does not say. */
function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(count, 1)) / 10));
  const value = count / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? ''}`;
}
