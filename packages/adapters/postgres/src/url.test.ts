import { expect, test } from 'vitest';
import { checkOptions } from './options.ts';
import { sslModeFor, sslWays } from './ssl.ts';
import { parseUrl } from './url.ts';

test.each([
  ['postgres://u:p@h:5433/d', { user: 'u', password: 'p', host: 'h', port: 5433, database: 'd' }],
  ['postgresql://h/d', { host: 'h', database: 'd' }],
  ['postgres://u%40x:p%2F%3A@h/my%20db', { user: 'u@x', password: 'p/:', host: 'h', database: 'my db' }],
  ['postgres://u:p@ss@h/d', { user: 'u', password: 'p@ss', host: 'h', database: 'd' }],
  [
    'postgres://[::1]:5432/d?sslmode=require&application_name=me',
    { host: '::1', port: 5432, database: 'd', sslMode: 'require', applicationName: 'me' },
  ],
  ['postgres:///d', { database: 'd' }],
  ['postgres://', {}],
])('%s is read', (url, address) => {
  expect(parseUrl(url)).toEqual(address);
});

test.each([
  ['mysql://h/d', 'no URL'],
  ['app.db', 'no scheme'],
  ['postgres://h/d?host=169.254.169.254', 'F99 another host'],
  ['postgres://h/d?sslcert=/etc/passwd', 'F99 a file'],
  ['postgres://h/d?sslrootcert=/etc/passwd', 'F99 a file for an authority'],
  ['postgres://h/d?channel_binding=yes', 'a binding'],
  ['postgres://h/d?options=-crole%3Dx', 'F99 options of the server'],
  ['postgres://%2Fvar%2Frun/d', 'F99 a socket'],
  ['postgres://one,two/d', 'two hosts'],
  ['postgres://h:0/d', 'a port'],
  ['postgres://h:abc/d', 'a port'],
  ['postgres://u:%zz@h/d', 'an encoding'],
  ['postgres://h/d\u0000', 'a control character'],
  ['postgres://h/d?sslmode=requir', 'a mode'],
])('%s is refused for %s, and the password is not shown', (url) => {
  const secret = url.replace('://', '://user:sehrgeheim@');
  let failure: unknown = null;
  try {
    parseUrl(secret);
  } catch (error) {
    failure = error;
  }
  expect(failure).toMatchObject({ code: 'CONFIG', hint: expect.stringMatching(/\S/u) as string });
  expect((failure as Error).message).not.toContain('sehrgeheim');
});

test.each([
  [{ url: 'postgres://h/d', pool: {} }, 'one of'],
  [{ urll: 'x' }, 'urll'],
  [{ pool: {} }, 'pool'],
  [{ client: { query() {} } }, 'client'],
  [{ pglite: {} }, 'PGlite'],
  [{ ssl: 'requir' }, 'requir'],
  [{ lockRetries: -1 }, 'lockRetries'],
  [{ password: 7 }, 'password'],
  [{ socket: '' }, 'socket'],
  [{ backup: 'pgdump' }, 'did you mean "pg_dump"'],
  [{ backup: true }, 'a boolean'],
  [{ backup: 'pg_dump', pool: { connect() {} } }, 'connections of its own'],
  [{ backup: 'pg_dump', pglite: { execProtocol() {} } }, 'connections of its own'],
  [{ backup: 'pg_dump', ssl: { ca: 'x' } }, 'options of TLS'],
])('the options %j are refused', (options, words) => {
  expect(() => checkOptions(options as Readonly<Record<string, unknown>>)).toThrow(words);
});

test('directUrl goes before the way through the pooler', () => {
  const { origin } = checkOptions({ url: 'postgres://pooler/d', directUrl: 'postgres://server/d' });
  expect(origin).toMatchObject({ kind: 'address', address: { host: 'server' } });
});

test.each([
  ['disable', 'h', ['plain']],
  ['require', 'h', ['of the authority, where there is one']],
  ['verify-full', 'h', ['for the host']],
  [null, 'h', ['anything', 'plain']],
  [null, '127.0.0.1', ['plain', 'anything']],
  ['verify-full', '/var/run/postgresql', ['plain']],
  [{ ca: 'x' }, 'h', ['given']],
] as const)('sslmode %s to %s is tried as libpq does', (mode, host, ways) => {
  expect(sslWays(mode, host).map((way) => (way.kind === 'encrypted' ? way.check : way.kind))).toEqual(ways);
});

test('sslrootcert=system is verify-full, and nothing less', () => {
  const { sslRootCert = '' } = parseUrl('postgres://h/d?sslrootcert=system');
  expect(sslModeFor(null, { sslRootCert })).toBe('verify-full');
  expect(() => sslModeFor(null, { sslRootCert, sslMode: 'require' })).toThrow('does not go with sslmode=require');
});
