import { expect, test } from 'vitest';
import { shownTarget } from './connect.ts';
import { checkOptions } from './options.ts';
import { tlsAttempts } from './tls.ts';
import { parseUrl } from './url.ts';

test.each([
  ['mysql://u:p@h:3307/d', { user: 'u', password: 'p', host: 'h', port: 3307, database: 'd' }],
  ['mariadb://h/d', { host: 'h', database: 'd' }],
  ['MYSQL://u%40x:p%2F%3A@h/my%20db', { user: 'u@x', password: 'p/:', host: 'h', database: 'my db' }],
  ['mysql://u:p@ss:w@h/d', { user: 'u', password: 'p@ss:w', host: 'h', database: 'd' }],
  ['mysql://[::1]:3306/d?ssl-mode=VERIFY_CA', { host: '::1', port: 3306, database: 'd', tlsMode: 'verify-ca' }],
  ['mysql:///d#part', { database: 'd' }],
  ['mysql://', {}],
])('%s is read', (url, address) => {
  expect(parseUrl(url)).toEqual(address);
});

test.each([
  ['postgres://h/d', 'another database'],
  ['app.db', 'no scheme'],
  ['mysql://h/d?socketPath=/run/x', 'F99 a socket'],
  ['mysql://h/d?host=169.254.169.254', 'F99 another host'],
  ['mysql://h/d?multipleStatements=true', 'F99 several statements'],
  ['mysql://h/d?ssl-ca=/etc/passwd', 'F99 a file'],
  ['mysql://h/d?flags=LOCAL_FILES', 'F102 files of the client'],
  ['mysql://h/d?ssl-mode=required&debug=true', 'F98 the trace of the driver'],
  ['mysql://%2Frun%2Fmysqld/d', 'F99 a socket for a host'],
  ['mysql://one,two/d', 'two hosts'],
  ['mysql://h:0/d', 'a port'],
  ['mysql://h:3306x/d', 'a port'],
  ['mysql://h/d/e', 'two databases'],
  ['mysql://u:%zz@h/d', 'an encoding'],
  ['mysql://h/d\u0000', 'a control character'],
  ['mysql://h/d%00', 'a control character'],
  ['mysql://h/d?ssl-mode=requird', 'a mode'],
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

test('F98 what people see of a target has no password and no parameters', () => {
  const shown = (options: Readonly<Record<string, unknown>>): string => shownTarget(checkOptions(options));
  expect(shown({ url: 'mysql://u:sehrgeheim@h/d?ssl-mode=required' })).toBe('mysql://u@h:3306/d');
  expect(shown({ url: 'mysql://u:sehrgeheim@[::1]:1/d' })).toBe('mysql://u@[::1]:1/d');
  expect(shown({ url: 'mysql://u@/d', socket: '/run/s', password: 'sehrgeheim' })).toBe(
    'mysql://u@/d by the socket /run/s',
  );
});

test.each([
  [{}, 'one of `url`, `pool` and `connection`'],
  [{ url: 'mysql://h/d', pool: {} }, 'one of `url`, `pool` and `connection`'],
  [{ uri: 'mysql://h/d' }, 'no option "uri"'],
  [{ pool: {} }, '`pool` must be a pool'],
  [{ connection: {} }, '`connection` must be a connection'],
  [{ url: 'mysql://h/d', tls: 'on' }, 'tls cannot be "on"'],
  [{ url: 'mysql://h/d', lockRetries: -1 }, 'lockRetries'],
  [{ url: 'mysql://h/d', singleWriter: 1 }, 'singleWriter'],
  [{ url: 'mysql://h/d', password: 7 }, 'password'],
])('options that are not right are refused: %j', (options, words) => {
  expect(() => checkOptions(options)).toThrow(words);
});

test('encryption is tried first towards other machines, and second towards this one', () => {
  const kinds = (host: string): readonly boolean[] => tlsAttempts(null, host).map((tls) => tls !== null);
  expect(kinds('db.example.org')).toEqual([true, false]);
  expect(kinds('127.0.0.1')).toEqual([false, true]);
  expect(tlsAttempts('required', '127.0.0.1')).toEqual([{ rejectUnauthorized: false }]);
  expect(tlsAttempts({ ca: 'x' }, 'h')).toEqual([{ verifyIdentity: true, ca: 'x' }]);
});
