import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createAuthority } from '@detent/tests/servers/certificates';
import { ownMariadb } from '@detent/tests/servers/mariadb-own';
import { mysqlServer } from '@detent/tests/servers/mysql';
import { mysqlClient } from '@detent/tests/servers/mysql-client';
import { queryOn, type MysqlServer } from '@detent/tests/servers/mysql-common';
import { afterAll, describe, expect, test } from 'vitest';
import { writeClientFile, type ClientFileSettings } from './client-file.ts';

const patient = { timeout: 60_000 };
const folder = mkdtempSync(join(tmpdir(), 'detent-tls-'));
const authority = createAuthority('Detent tests');
const signed = authority?.sign('server', ['DNS:localhost']);

/** A MariaDB with a certificate for `localhost`; `null` without openssl or without a server. */
async function mariadb(): Promise<Awaited<ReturnType<typeof ownMariadb>>> {
  if (authority === null || signed === undefined) return null;
  const files = { ca: authority.cert, cert: signed.cert, key: signed.key };
  for (const [name, pem] of Object.entries(files)) writeFileSync(join(folder, name), pem);
  return ownMariadb(Object.keys(files).map((name) => `--ssl-${name}=${join(folder, name)}`));
}

const own = await mariadb();
afterAll(async () => {
  await own?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Asked {
  readonly password?: string;
  readonly user?: string;
  readonly host?: string;
  readonly tls?: ClientFileSettings['tls'];
}

/** The cipher that a client of that product speaks to the server in, or its words where it does not come in. */
async function cipherOf({ product, url }: MysqlServer, program: string, asked: Asked): Promise<string> {
  const { username, password, port } = new URL(url);
  await using file = await writeClientFile({
    product,
    place: { host: asked.host ?? 'localhost', port: Number(port) },
    user: asked.user ?? username,
    password: asked.password ?? password,
    tls: asked.tls ?? 'preferred',
  });
  const args = [file.argument, '--batch', '--skip-column-names', '-e', "SHOW STATUS LIKE 'Ssl_cipher'"];
  const { PATH } = process.env;
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { PATH, ...file.environment } });
  return status === 0 ? (stdout.trim().split('\t')[1] ?? '') : `refused: ${stderr}`;
}

async function programOf(product: MysqlServer['product']): Promise<string | null> {
  const programs = await mysqlClient(product);
  return programs === null ? null : join(programs, product === 'MariaDB' ? 'mariadb' : 'mysql');
}

const servers = [
  { server: own?.server ?? null, ca: authority?.cert ?? null },
  { server: await mysqlServer('client'), ca: null },
].flatMap(({ server, ca }) => (server === null ? [] : [{ product: server.product, server, ca }]));

describe.each(servers)('a program of $product', ({ product, server, ca }) => {
  test('F93 comes in with any password, and its file is gone then', patient, async () => {
    const program = await programOf(product);
    if (program === null) return;
    for (const password of [
      '',
      'a b',
      '"\'`\\',
      '#;=[x]',
      'ü😀',
      '\\n\\s',
      '  x  ',
      "it's",
      '$(x) %s',
      'tab\tline\nend',
    ]) {
      const user = `u${randomBytes(4).toString('hex')}`;
      await queryOn(server.url, [`CREATE USER ${user}@'%' IDENTIFIED BY '${password.replaceAll(/[\\']/g, '\\$&')}'`]);
      expect([password, await cipherOf(server, program, { user, password })]).toEqual([
        password,
        expect.not.stringMatching(/refused/),
      ]);
      expect(await cipherOf(server, program, { user, password: `${password}x` })).toMatch(/refused.*Access denied/s);
      await queryOn(server.url, [`DROP USER ${user}@'%'`]);
    }
  });

  test('encrypts as the session does, and believes whom it believes', patient, async () => {
    const program = await programOf(product);
    if (program === null) return;
    expect(await cipherOf(server, program, { tls: 'disabled' })).toBe('');
    expect(await cipherOf(server, program, { tls: 'required' })).toMatch(/^(?!refused)./);
    for (const tls of ['verify-ca', 'verify-identity'] as const)
      expect(await cipherOf(server, program, { tls })).toMatch(/refused.*(certificate|SSL|TLS)/s);
    if (ca === null) return;
    expect(await cipherOf(server, program, { tls: { ca } })).toMatch(/^(?!refused)./);
    expect(await cipherOf(server, program, { tls: { ca: [Buffer.from(ca)] }, host: '127.0.0.1' })).toMatch(/refused/);
    expect(
      await cipherOf(server, program, { tls: { ca: [ca], rejectUnauthorized: false }, host: '127.0.0.1' }),
    ).toMatch(/^(?!refused)./);
  });
});

test('F93 a file without a password is gone like any other', async () => {
  const place = { socketPath: '/run/s' };
  const file = await writeClientFile({ product: 'MySQL', place, user: 'u', password: undefined, tls: 'disabled' });
  const path = file.argument.slice('--defaults-file='.length);
  expect(readFileSync(path, 'utf8')).toBe(
    '[client]\nprotocol="socket"\nsocket="/run/s"\nuser="u"\nssl-mode="DISABLED"\nget-server-public-key="1"\n',
  );
  await file[Symbol.asyncDispose]();
  expect(existsSync(path)).toBe(false);
});
