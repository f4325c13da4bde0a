import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { addressFromEnvironment, completeAddress } from './environment.ts';
import { passwordFromFile } from './password-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'detent-environment-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, lines: readonly string[], mode = 0o600): string {
  const file = join(folder, name);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  chmodSync(file, mode);
  return file;
}

test('the variables of psql fill in what is missing', () => {
  const variables = {
    PGHOST: 'h',
    PGPORT: '5433',
    PGUSER: 'u',
    PGPASSWORD: 'p',
    PGDATABASE: 'd',
    PGSSLMODE: 'require',
    PGSSLROOTCERT: 'system',
    PGSSLCERT: 'c.crt',
    PGSSLKEY: 'c.key',
    PGCHANNELBINDING: 'require',
    PGAPPNAME: '',
  };
  expect(addressFromEnvironment(variables)).toEqual({
    host: 'h',
    port: 5433,
    user: 'u',
    password: 'p',
    database: 'd',
    sslMode: 'require',
    sslRootCert: 'system',
    sslCert: 'c.crt',
    sslKey: 'c.key',
    channelBinding: 'require',
  });
});

test.each([
  [{ PGPORT: 'x' }, 'PGPORT is not a port'],
  [{ PGHOST: 'a,b' }, 'several hosts'],
  [{ PGSSLMODE: 'requir' }, 'did you mean "require"'],
  [{ PGCHANNELBINDING: 'yes' }, 'PGCHANNELBINDING'],
  [{ PGTARGETSESSIONATTRS: 'standby' }, 'PGTARGETSESSIONATTRS asks for something'],
  [{ PGREQUIREAUTH: 'none' }, 'PGREQUIREAUTH asks for something'],
])('the variables %j are refused', (variables, words) => {
  expect(() => addressFromEnvironment(variables)).toThrow(words);
});

test('what asks for no more than is done is no hindrance', () => {
  const variables = { PGTARGETSESSIONATTRS: 'read-write', PGGSSENCMODE: 'disable' };
  expect(addressFromEnvironment(variables)).toEqual({});
});

test('PGHOSTADDR, which would lead elsewhere, is refused where nothing else says the host', () => {
  const variables = { PGHOSTADDR: '10.0.0.1', PGUSER: 'u' };
  expect(() => completeAddress({}, variables)).toThrow('PGHOSTADDR');
  expect(completeAddress({ host: 'h' }, variables)).toEqual({ host: 'h', user: 'u' });
});

const SERVICES = [
  '# services',
  '[other]',
  'host=elsewhere',
  '[mine]',
  '# the database',
  'host=h',
  'port=5433',
  'dbname=d',
  'user=u',
  'password=a=b#c',
  'sslmode=verify-full',
  '',
  '[odd]',
  'hots=sehrgeheim',
  '[lines]',
  'sehrgeheim',
];

test('PGSERVICE goes before the other variables', () => {
  const PGSERVICEFILE = fileOf('services', SERVICES);
  expect(addressFromEnvironment({ PGSERVICE: 'mine', PGSERVICEFILE, PGHOST: 'x', PGAPPNAME: 'a' })).toEqual({
    host: 'h',
    port: 5433,
    database: 'd',
    user: 'u',
    password: 'a=b#c',
    sslMode: 'verify-full',
    applicationName: 'a',
  });
});

test.each([
  ['none', 'There is no service [none]'],
  ['odd', 'did you mean "host"'],
  ['lines', 'is not "key=value"'],
])('F98 the service %s is refused, and no value of it is shown', (PGSERVICE, words) => {
  const PGSERVICEFILE = fileOf('services', SERVICES);
  let failure: unknown = null;
  try {
    addressFromEnvironment({ PGSERVICE, PGSERVICEFILE });
  } catch (error) {
    failure = error;
  }
  expect(failure).toMatchObject({ code: 'CONFIG', message: expect.stringContaining(words) as string });
  expect(JSON.stringify(failure) + String(failure)).not.toContain('sehrgeheim');
});

test.each([
  [{ host: 'h', port: 5432, database: 'd', user: 'u' }, 'first:\\one'],
  [{ host: 'h', port: 5432, database: 'd', user: 'v' }, 'second'],
  [{ host: '/run', port: 5432, database: 'd', user: 'w' }, 'socket'],
  [{ host: 'h', port: 1, database: 'a:b', user: 'u' }, 'colon'],
  [{ host: 'h', port: 1, database: 'd', user: 'u' }, null],
])('the password of %j is found in the file as psql finds it', async (account, password) => {
  const lines = [
    '#h:5432:d:u:no',
    'h:5432:d:u:first\\:\\\\one',
    'h:*:d:v:second',
    'localhost:5432:*:w:socket',
    '*:*:a\\:b:*:colon',
  ];
  const found = await passwordFromFile(account, { PGPASSFILE: fileOf('passwords', lines) });
  expect(found).toEqual(password === null ? { kind: 'none' } : { kind: 'found', password });
});

test('F93 a password file that others may read is not believed', async () => {
  const PGPASSFILE = fileOf('open', ['*:*:*:*:p'], 0o644);
  const account = { host: 'h', port: 1, database: 'd', user: 'u' };
  expect(await passwordFromFile(account, { PGPASSFILE })).toMatchObject({ kind: 'ignored' });
});
