import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownMariadb, type OwnServer } from '@detent/tests/servers/mariadb-own';
import { createMysqlDatabase, type MysqlDatabase } from '@detent/tests/servers/mysql-common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdapter } from './adapter.ts';
import { mysql, type MysqlConnection, type UrlOptions } from './index.ts';
import { LOOKING } from './fixtures/places.ts';

const folder = mkdtempSync(join(tmpdir(), 'detent-tls-'));
const path = (name: string): string => join(folder, name);

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0] ?? ''}: ${stderr}`);
}

/** An authority, and a server that it vouches for by one name, or by one number. */
function makeCertificates(): void {
  const days = ['-days', '2', '-nodes', '-newkey', 'rsa:2048'];
  openssl('req', '-x509', ...days, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Detent tests');
  const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-subj', '/CN=server'];
  for (const [file, subject] of Object.entries({ name: 'DNS:localhost', number: 'IP:127.0.0.1' }))
    openssl(
      'req',
      '-x509',
      ...days,
      ...authority,
      '-keyout',
      `${file}.key`,
      '-out',
      `${file}.pem`,
      '-addext',
      `subjectAltName=${subject}`,
    );
}

async function show(file: 'name' | 'number'): Promise<void> {
  for (const ending of ['key', 'pem']) copyFileSync(path(`${file}.${ending}`), path(`server.${ending}`));
  await database?.query('FLUSH SSL');
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
let own: OwnServer | null = null;
let database: MysqlDatabase | null = null;

beforeAll(async () => {
  if (!hasOpenssl) return;
  makeCertificates();
  await show('name');
  const files = { ca: 'ca.pem', cert: 'server.pem', key: 'server.key' };
  own = await ownMariadb(Object.entries(files).map(([name, file]) => `--ssl-${name}=${path(file)}`));
  if (own !== null) database = await createMysqlDatabase(own.server);
});
afterAll(async () => {
  await own?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** The cipher of the connection that the options lead to: empty where it is not encrypted. */
async function cipherBy(options: Partial<UrlOptions>, host = 'localhost'): Promise<string> {
  const url = new URL(database?.url ?? '');
  url.hostname = host;
  const session = await mysql({ url: url.href, ...options }).open(LOOKING);
  try {
    const [rows] = await session.db.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    return (rows as readonly { readonly Value: string }[])[0]?.Value ?? '';
  } finally {
    await session.close();
  }
}

describe.runIf(hasOpenssl)('a server with a certificate', () => {
  test('is spoken to in cipher where that is wanted, and plainly where not', async () => {
    if (own === null) return;
    expect(await cipherBy({ tls: 'required' })).not.toBe('');
    expect(await cipherBy({ tls: 'disabled' })).toBe('');
    expect(await cipherBy({ tls: { ca: readFileSync(path('ca.pem')) } })).not.toBe('');
    expect(
      await cipherBy({ tls: { ca: readFileSync(path('ca.pem')), verifyIdentity: false } as never }, '127.0.0.1'),
    ).not.toBe('');
  });

  test('is not believed without its authority, nor under another name or number', async () => {
    if (own === null) return;
    const refused = { code: 'CONNECTION', hint: expect.stringContaining('tls') as string };
    await expect(cipherBy({ tls: 'verify-ca' })).rejects.toMatchObject(refused);
    await expect(cipherBy({ tls: 'verify-identity' })).rejects.toMatchObject(refused);
    const ca = readFileSync(path('ca.pem'));
    await expect(cipherBy({ tls: { ca } }, '127.0.0.1')).rejects.toMatchObject(refused);
    await show('number');
    await expect(cipherBy({ tls: { ca } }, 'localhost')).rejects.toMatchObject(refused);
    expect(await cipherBy({ tls: { ca } }, '127.0.0.1')).not.toBe('');
    await show('name');
  });

  test('that takes nobody without encryption is reached by what is preferred', async () => {
    if (own === null || database === null) return;
    await database.query('SET GLOBAL require_secure_transport = ON');
    try {
      expect(await cipherBy({})).not.toBe('');
      await expect(cipherBy({ tls: 'disabled' })).rejects.toMatchObject({ code: 'CONNECTION' });
    } finally {
      const session = await createAdapter<MysqlConnection>({ url: database.url, tls: 'required' }).open(LOOKING);
      await session.db.query('SET GLOBAL require_secure_transport = OFF');
      await session.close();
    }
  });
});
