import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { createAuthority } from '@detent/tests/servers/certificates';
import { ownPostgresServer } from '@detent/tests/servers/postgres';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { connect } from './connect.ts';
import { checkOptions, type UrlOptions } from './options.ts';
import { waysOf } from './ways.ts';

const PASSWORD = 'sehrgeheim';
const folder = mkdtempSync(join(tmpdir(), 'detent-ssl-'));
const file = (name: string): string => join(folder, name);
const ours = createAuthority('ours');
const stranger = createAuthority('stranger');
const card = ours?.sign('carded') ?? { cert: '', key: '' };
const ca = ours?.cert ?? '';
let server: Awaited<ReturnType<typeof ownPostgresServer>> = null;

beforeAll(async () => {
  if (ours === null) return;
  const texts = { ours: ca, stranger: stranger?.cert ?? '', 'card.crt': card.cert, 'card.key': card.key };
  for (const [name, text] of Object.entries(texts)) writeFileSync(file(name), text, { mode: 0o600 });
  server = await ownPostgresServer('18', {
    certificates: { ...ours.sign('server', ['DNS:localhost']), ca },
    access: [
      'local all all trust',
      'hostssl all sealed 127.0.0.1/32 scram-sha-256',
      'hostnossl all plain 127.0.0.1/32 scram-sha-256',
      'hostssl all carded 127.0.0.1/32 cert',
      'host all naive 127.0.0.1/32 password',
      'host all postgres 127.0.0.1/32 trust',
    ],
  });
  if (server === null) return;
  const client = new Client({ connectionString: server.url });
  await client.connect();
  for (const name of ['sealed', 'plain', 'naive'])
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${PASSWORD}'`);
  await client.query('CREATE ROLE carded LOGIN');
  await client.end();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

// Whoever runs this may have files of their own.
beforeEach(({ skip }) => {
  skip(server === null, 'There is no server with certificates here.');
  vi.stubEnv('HOME', folder);
});

interface Visit {
  readonly user?: string;
  readonly host?: string;
  readonly query?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly options?: UrlOptions;
}

/** Whether the connection was encrypted, or the error. */
async function visit({
  user = 'postgres',
  host = '127.0.0.1',
  query = '',
  variables = {},
  options = {},
}: Visit): Promise<string> {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const url = `postgres://${user}:${PASSWORD}@${host}:${new URL(server?.url ?? '').port}/postgres${query}`;
  try {
    const wire = await connect(checkOptions({ url, ...options }), { timeoutMs: 10_000 });
    const [answer] = await wire.run('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    await wire.close(false);
    return answer?.rows[0]?.['ssl'] === 't' ? 'encrypted' : 'plain';
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    const isShown = `${inspect(error, { depth: 9, showHidden: true })}${JSON.stringify(error)}`.includes(PASSWORD);
    return `${code}: ${message} ${hint}${isShown ? ' The password is shown.' : ''}`;
  }
}

const OURS = { PGSSLROOTCERT: file('ours') };
const STRANGER = { PGSSLROOTCERT: file('stranger') };
const CARD = { PGSSLCERT: file('card.crt'), PGSSLKEY: file('card.key') };

describe('F99 an encrypted connection', () => {
  test.each<[string, Visit, RegExp]>([
    ['disable is plain', { query: '?sslmode=disable' }, /^plain$/],
    ['allow is plain where that is let in', { query: '?sslmode=allow' }, /^plain$/],
    ['allow is encrypted where only that is', { query: '?sslmode=allow', user: 'sealed' }, /^encrypted$/],
    ['prefer to this machine is plain', {}, /^plain$/],
    ['prefer is encrypted where only that is let in', { user: 'sealed' }, /^encrypted$/],
    ['prefer is plain where only that is let in', { user: 'plain', host: 'localhost' }, /^plain$/],
    [
      'disable is refused where only encryption is let in',
      { query: '?sslmode=disable', user: 'sealed' },
      /no encryption.*sslmode=require/,
    ],
    ['require is encrypted', { query: '?sslmode=require' }, /^encrypted$/],
    ['require is never plain', { query: '?sslmode=require', user: 'plain' }, /CONNECTION: .*SSL encryption/],
    ['require believes the authority that is named', { query: '?sslmode=require', variables: OURS }, /^encrypted$/],
    [
      'require believes no other',
      { query: '?sslmode=require', variables: STRANGER },
      /self-signed certificate.*PGSSLROOTCERT/,
    ],
    ['no-verify believes anybody', { query: '?sslmode=no-verify', variables: STRANGER }, /^encrypted$/],
    [
      'verify-ca believes the authority, whatever the host',
      { query: '?sslmode=verify-ca', variables: OURS },
      /^encrypted$/,
    ],
    ['verify-ca believes no other', { query: '?sslmode=verify-ca', variables: STRANGER }, /self-signed certificate/],
    ['verify-ca wants an authority', { query: '?sslmode=verify-ca' }, /CONFIG: .*PGSSLROOTCERT/],
    [
      'verify-full believes the authority and the host',
      { query: '?sslmode=verify-full', variables: OURS, host: 'localhost' },
      /^encrypted$/,
    ],
    [
      'verify-full believes no other host',
      { query: '?sslmode=verify-full', variables: OURS },
      /IP: 127\.0\.0\.1 is not in.*Connect by a name/,
    ],
    [
      'verify-full believes no other authority',
      { query: '?sslmode=verify-full', variables: STRANGER, host: 'localhost' },
      /self-signed certificate/,
    ],
    [
      'verify-full without a file asks public authorities',
      { query: '?sslmode=verify-full', host: 'localhost' },
      /self-signed certificate/,
    ],
    [
      'an authority that is not there is named',
      { query: '?sslmode=require', variables: { PGSSLROOTCERT: file('none') } },
      /CONFIG: The file .*none of PGSSLROOTCERT/,
    ],
    [
      'options of TLS believe the authority and the host',
      { options: { ssl: { ca } }, host: 'localhost' },
      /^encrypted$/,
    ],
    ['options of TLS believe no other host', { options: { ssl: { ca } } }, /IP: 127\.0\.0\.1 is not in/],
    ['a certificate of one’s own is shown', { user: 'carded', variables: CARD }, /^encrypted$/],
    ['a certificate of one’s own is asked for', { user: 'carded' }, /requires a valid client certificate.*PGSSLCERT/],
    [
      'options of TLS show a certificate',
      { user: 'carded', host: 'localhost', options: { ssl: { ca, ...card } } },
      /^encrypted$/,
    ],
    ['channel binding is proven', { user: 'sealed', query: '?sslmode=require&channel_binding=require' }, /^encrypted$/],
    [
      'channel binding is insisted on before a password is sent',
      { user: 'naive', query: '?sslmode=require&channel_binding=require' },
      /offers no channel binding/,
    ],
    [
      'channel binding is insisted on where nobody asks for a password',
      { query: '?sslmode=require&channel_binding=require' },
      /offers no channel binding/,
    ],
    [
      'channel binding wants encryption',
      { query: '?sslmode=disable&channel_binding=require' },
      /CONFIG: Channel binding needs encryption/,
    ],
  ])('%s', async (_, given, expected) => {
    const came = await visit(given);
    expect(came).toMatch(expected);
    expect(came).not.toContain('The password is shown.');
  });

  test('takes the files of psql in the home folder', async () => {
    const home = mkdtempSync(join(folder, 'home-'));
    mkdirSync(join(home, '.postgresql'));
    const files = { 'root.crt': ca, 'postgresql.crt': card.cert, 'postgresql.key': card.key };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(home, '.postgresql', name), text);
    const variables = { HOME: home, PGSSLMODE: 'verify-full' };
    expect(await visit({ user: 'carded', host: 'localhost', variables })).toBe('encrypted');
  });

  test('is never asked of the socket of this machine', async () => {
    const options = { socket: server?.socket, ssl: 'verify-full' } as const;
    expect(await visit({ options })).toBe('plain');
  });
});

test.each([
  ['?sslmode=verify-full', {}, { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'system' }],
  ['?sslmode=verify-full', OURS, { PGSSLMODE: 'verify-full', PGSSLROOTCERT: file('ours') }],
  ['?sslmode=no-verify', OURS, { PGSSLMODE: 'require', PGSSLROOTCERT: join(folder, '.postgresql', 'none') }],
  ['', CARD, { PGSSLMODE: 'prefer', PGSSLCERT: file('card.crt'), PGSSLKEY: file('card.key') }],
] as const)('programs on libpq believe with %s and %j whom Detent believes', async (query, variables, expected) => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const ways = waysOf(checkOptions({ url: `postgres://postgres@127.0.0.1/postgres${query}` }), 1_000);
  const told = Object.entries((await ways?.libpq()) ?? {}).filter(([name]) => name.startsWith('PGSSL'));
  expect(Object.fromEntries(told)).toEqual(expected);
});

test('a connection takes what psql takes from the environment', async () => {
  const passwords = file('passwords');
  writeFileSync(passwords, `127.0.0.1:*:*:sealed:${PASSWORD}\n`, { mode: 0o600 });
  const variables = {
    PGHOST: '127.0.0.1',
    PGPORT: new URL(server?.url ?? '').port,
    PGUSER: 'sealed',
    PGDATABASE: 'postgres',
    PGPASSFILE: passwords,
    PGAPPNAME: 'mine',
    PGOPTIONS: '-c statement_timeout=1234',
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const wire = await connect(checkOptions({}), { timeoutMs: 10_000 });
  const [answer] = await wire.run(
    "SELECT current_user AS u, current_setting('application_name') AS a, current_setting('statement_timeout') AS t",
  );
  await wire.close(false);
  expect(answer?.rows).toEqual([{ u: 'sealed', a: 'mine', t: '1234ms' }]);
  vi.stubEnv('PGPASSFILE', file('none'));
  await expect(connect(checkOptions({}), { timeoutMs: 10_000 })).rejects.toMatchObject({
    code: 'CONNECTION',
    message: expect.stringContaining('no password was given') as string,
  });
});
