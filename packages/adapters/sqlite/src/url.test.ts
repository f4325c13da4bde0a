import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sqlite } from './index.ts';
import { parseUrl } from './url.ts';

describe('a URL', () => {
  test.each([
    ['sqlite:app.db', resolve('app.db')],
    ['sqlite:./data/app.db', resolve('data/app.db')],
    ['sqlite:///var/lib/app.db', '/var/lib/app.db'],
    ['sqlite://localhost/var/lib/app.db', '/var/lib/app.db'],
    ['file:app.db', resolve('app.db')],
    ['file:///var/lib/app.db', '/var/lib/app.db'],
    ['sqlite:with%20space%3F.db', resolve('with space?.db')],
    ['app.db', resolve('app.db')],
    ['./a?b%20c.db', resolve('a?b%20c.db')],
    ['/var/lib/app.db', '/var/lib/app.db'],
    [':memory:', null],
    ['sqlite::memory:', null],
    ['sqlite:app.db?journalMode=wal', resolve('app.db')],
  ])('%s names %s', (url, path) => {
    expect(parseUrl(url).path).toBe(path);
  });

  test('carries the parameters that are known', () => {
    const url = 'sqlite:app.db?journalMode=delete&synchronous=normal&busyTimeoutMs=250';
    expect(parseUrl(url)).toMatchObject({ journalMode: 'delete', synchronous: 'normal', busyTimeoutMs: 250 });
  });

  test.each([
    ['', 'names no file'],
    ['sqlite:', 'names no file'],
    ['sqlite:app.db?journalmode=wal', 'did you mean "journalMode"?'],
    ['sqlite:app.db?journalMode=wall', 'did you mean "wal"?'],
    ['sqlite:app.db?busyTimeoutMs=soon', 'whole number of milliseconds'],
    ['sqlite:app.db?busyTimeoutMs=-1', 'whole number of milliseconds'],
    ['sqlite://app.db', 'has no host'],
    ['sqlite://example.com/app.db', 'has no host'],
    ['postgres://localhost/app', 'not a URL of SQLite'],
    ['mysql:app.db', 'not a URL of SQLite'],
    ['sqlite:a%ZZ.db', 'percent-encoded'],
    ['sqlite:a%00.db', 'percent-encoded'],
    ['a\0.db', 'NUL'],
  ])('%j is refused', (url, words) => {
    expect(() => parseUrl(url)).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringContaining(words) as string }) as Error,
    );
  });

  test.each(['vfs=unix-none', 'immutable=1', 'mode=memory', 'cache=shared', 'psow=0', 'nolock=1'])(
    'F99 SQLite never sees the parameter %s',
    (parameter) => {
      expect(() => parseUrl(`file:app.db?${parameter}`)).toThrow(expect.objectContaining({ code: 'CONFIG' }) as Error);
    },
  );
});

describe('options', () => {
  test.each([
    [{}, 'needs either'],
    [{ url: 'a.db', database: {} }, 'needs either'],
    [{ url: 7 }, '`url` must be a text'],
    [{ url: 'a.db', journalmode: 'wal' }, 'did you mean "journalMode"?'],
    [{ url: 'a.db', driver: 'better-sqlite' }, 'did you mean "better-sqlite3"?'],
    [{ url: 'a.db', synchronous: 'ful' }, 'did you mean "full"?'],
    [{ url: 'a.db', busyTimeoutMs: -5 }, 'whole number'],
    [{ url: 'a.db', allowAttach: 'yes' }, 'true or false'],
    [{ database: {} }, 'neither a node:sqlite nor a better-sqlite3'],
  ])('%j are refused', (options, words) => {
    expect(() => sqlite(options as never)).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringContaining(words) as string }) as Error,
    );
  });

  test('the same adapter opens another database', () => {
    expect(sqlite({ url: 'a.db', journalMode: 'delete' }).at('sqlite:b.db').target).toBe('sqlite:b.db');
    expect(() => sqlite({ url: 'a.db' }).at('postgres://x')).toThrow(
      expect.objectContaining({ code: 'CONFIG' }) as Error,
    );
  });
});
