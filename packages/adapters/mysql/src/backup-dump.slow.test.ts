import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { createMysqlDatabase, type MysqlServer } from '@detent/tests/servers/mysql-common';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { dumpingProducts } from './fixtures/dump.ts';
import { dumpable, schema } from './fixtures/fidelity.ts';
import { failureOf, runScript, take } from './fixtures/playground.ts';
import { exactRows } from './fixtures/exact.ts';
import { roundTrip } from './fixtures/round-trip.ts';
import { freshFolder, freshPath, nothing, prepared, removeFolders, shop, SHOP } from './fixtures/shop.ts';

const patient = { timeout: 120_000 };

afterEach(removeFolders);
afterEach(() => void vi.unstubAllEnvs());

const NAMES = { MariaDB: 'mariadb-dump', MySQL: 'mysqldump' } as const;
/** What a program that stands before the real one does first. */
const VERSION = 'case "$1" in --version) exec "$real" "$@";; esac';

/** The program that PATH leads to. */
function programOf(name: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? name;
}

/** Puts another program before it, which knows it as `$real`. */
function stand(product: MysqlServer['product'], ...lines: readonly string[]): void {
  const folder = freshFolder();
  const path = join(folder, NAMES[product]);
  writeFileSync(path, ['#!/bin/sh', `real='${programOf(NAMES[product])}'`, ...lines, ''].join('\n'));
  chmodSync(path, 0o755);
  vi.stubEnv('PATH', [folder, process.env['PATH']].join(delimiter));
}

describe.each(await dumpingProducts('dump', ['MariaDB', 'MySQL']))('$product', ({ product, open }) => {
  test('F82 F84 every value and everything that is written comes back, byte by byte', patient, async () => {
    await using place = await open();
    const session = await prepared(place, ...dumpable(product), ...schema(product));
    const change = (): Promise<void> => runScript(session, 'DROP TABLE integers; DROP VIEW a_over;');
    const { before, objects, changed, after } = await roundTrip(place, session, change);
    expect(objects).toEqual(before.sums);
    expect(changed).not.toBe(before.fingerprint);
    expect(after).toEqual(before);
  });

  test('F82 what the literals of a dump would not tell is refused, by its column', patient, async () => {
    await using place = await open();
    const session = await prepared(place, ...SHOP);
    const lossy: readonly (readonly [string, string, RegExp])[] = [
      ['float', '(0.1), (3.1415927)', /1 value of lossy\.c would come back as others: a dump has six digits/],
      ["enum('', 'x')", '(0)', /1 value of lossy\.c would .*names of its members/],
      ["set('', 'x')", '(1)', /1 value of lossy\.c would .*names of its members/],
    ];
    for (const [type, rows, message] of lossy) {
      await place.database.query(
        'DROP TABLE IF EXISTS lossy',
        "SET SESSION sql_mode = ''",
        `CREATE TABLE lossy (c ${type})`,
        `INSERT INTO lossy VALUES ${rows}`,
      );
      expect(await failureOf(session.backup.backup(freshPath()))).toMatchObject({
        code: 'BACKUP_FAILED',
        message: expect.stringMatching(message) as string,
      });
    }
  });

  test('F79 a user with rights on the database alone makes one, and restores it', patient, async () => {
    await using place = await open();
    const { name, url } = place.database;
    const right = `GRANT ALL ON \`${name}%\`.* TO ${name}@'%'`;
    await place.database.query(...SHOP, `CREATE USER ${name}@'%' IDENTIFIED BY 'geheim'`, right);
    const weak = new URL(url);
    weak.username = name;
    const session = await place.open({ ...place.options, url: weak.href });
    await take(session);
    await session.history.init();
    await runScript(
      session,
      'CREATE VIEW v AS SELECT id FROM users; CREATE PROCEDURE p() SELECT 1; CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1;',
    );
    const manifest = await session.backup.backup(freshPath());
    await runScript(session, 'DELETE FROM tags;');
    await session.backup.restore(manifest, nothing);
    expect(await session.backup.sums()).toEqual(manifest.objects);
    await session.close();
    await place.database.query(`DROP USER ${name}@'%'`);
  });

  test('a row that is longer than a message is kept', patient, async () => {
    await using place = await open();
    const session = await prepared(
      place,
      'CREATE TABLE large (id int PRIMARY KEY, a longblob, b longtext)',
      "INSERT INTO large VALUES (1, REPEAT(X'00FF5C27', 1500000), REPEAT('é\\\\''', 1500000)), (2, 'x', 'y')",
    );
    const look = 'SELECT id, SHA2(a, 256) AS a, SHA2(b, 256) AS b FROM large';
    const before = await place.database.query(look);
    const manifest = await session.backup.backup(freshPath());
    await runScript(session, 'DELETE FROM large;');
    await session.backup.restore(manifest, nothing);
    expect(await place.database.query(look)).toEqual(before);
  });

  test(
    'F93 the password is in a file that is gone afterwards, and the program hears of nothing else',
    patient,
    async () => {
      const spied = freshFolder();
      stand(
        product,
        VERSION,
        `printf '%s\\n' "$@" > '${join(spied, 'args')}'`,
        `env > '${join(spied, 'env')}'`,
        `file="\${1#*=}"; cp "$file" '${join(spied, 'file')}'; stat -c '%a' "$file" "$(dirname "$file")" > '${join(spied, 'mode')}'`,
        'exec "$real" "$@"',
      );
      vi.stubEnv('MYSQL_PWD', 'other-secret');
      vi.stubEnv('MYSQL_HOST', 'no-such-host.invalid');
      vi.stubEnv('DATABASE_URL', 'mysql://other:secret@elsewhere/x');
      await using place = await open();
      const { manifest } = await shop(place);
      const [args = '', env = '', file = '', mode] = ['args', 'env', 'file', 'mode'].map((name) =>
        readFileSync(join(spied, name), 'utf8'),
      );
      const { password } = new URL(place.database.url);
      expect(password).not.toBe('');
      expect(file).toContain(`password="${password}"`);
      expect(mode).toBe('600\n700\n');
      for (const text of [args, env, JSON.stringify(manifest)]) expect(text).not.toContain(password);
      expect(env).not.toMatch(/MYSQL_PWD|MYSQL_HOST|DATABASE_URL/);
      expect(existsSync(args.split('\n')[0]?.split('=')[1] ?? '')).toBe(false);
    },
  );

  test(
    'F93 F98 what the program says goes into the error, without the password, and nothing is left',
    patient,
    async () => {
      await using place = await open();
      const session = await prepared(place, ...SHOP);
      const spied = freshFolder();
      const { password } = new URL(place.database.url);
      stand(
        product,
        VERSION,
        `echo "$1" > '${join(spied, 'args')}'; echo "dump: it broke with ${password}" >&2; exit 3`,
      );
      const at = freshFolder();
      const failure = await failureOf(session.backup.backup(join(at, 'b')));
      expect(failure).toMatchObject({
        code: 'BACKUP_FAILED',
        message: expect.stringContaining('it broke with ***') as string,
      });
      expect(JSON.stringify([failure, String((failure as Error).cause)])).not.toContain(password);
      expect(readdirSync(at)).toEqual([]);
      expect(existsSync(readFileSync(join(spied, 'args'), 'utf8').trim().split('=')[1] ?? '')).toBe(false);
    },
  );

  test('F93 a backup that is stopped ends the program, and leaves nothing', patient, async () => {
    await using place = await open();
    const session = await prepared(place, ...SHOP);
    const spied = freshFolder();
    const [pid, args] = [join(spied, 'pid'), join(spied, 'args')];
    stand(
      product,
      VERSION,
      `"$real" "$@"; echo "$1" > '${args}'; echo $$ > '${pid}.part'; mv '${pid}.part' '${pid}'`,
      'exec sleep 600',
    );
    const stop = new AbortController();
    const at = freshFolder();
    const failing = failureOf(session.backup.backup(join(at, 'b'), stop.signal));
    await vi.waitUntil(() => existsSync(pid), patient);
    stop.abort();
    expect(await failing).toMatchObject({ code: 'BACKUP_FAILED' });
    expect(readdirSync(at)).toEqual([]);
    expect(existsSync(readFileSync(args, 'utf8').trim().split('=')[1] ?? '')).toBe(false);
    await vi.waitUntil(() => isGone(Number(readFileSync(pid, 'utf8'))), patient);
  });

  test.each([
    ['that ends early', '"$real" "$@" | head -c 3000; exit 0', /ends too early/],
    ['without its last line', '"$real" "$@" | sed "/^-- Dump completed/d"', /ends too early/],
    [
      'without the rows of a table',
      '"$real" "$@" | sed "/^INSERT INTO .tags/,/;$/d"',
      /tags has 3 rows, and 0 of them/,
    ],
    ['without a table', '"$real" "$@" | sed "/^CREATE TABLE .tags/,/;$/d"', /tags is not in the dump/],
    [
      'that makes a table otherwise',
      '"$real" "$@" | sed "s/varchar(50) DEFAULT/varchar(49) DEFAULT/"',
      /tags is not in the dump/,
    ],
  ])('F90 a dump %s is no backup', patient, async (_, line, message) => {
    await using place = await open();
    const session = await prepared(place, ...SHOP);
    stand(product, VERSION, line);
    const at = freshFolder();
    expect(await failureOf(session.backup.backup(join(at, 'b')))).toMatchObject({
      code: 'BACKUP_FAILED',
      message: expect.stringMatching(message) as string,
    });
    expect(readdirSync(at)).toEqual([]);
  });

  test(
    'without the program the plan says what to install, and a backup that is there is restored',
    patient,
    async () => {
      await using place = await open();
      const { session, manifest } = await shop(place);
      const path = process.env['PATH'];
      process.env['PATH'] = '/nowhere';
      const absent = `${NAMES[product]} is not installed, or not in PATH: install the client programs of ${product}`;
      const found = await session.backup.check(freshFolder());
      const failure = await failureOf(session.backup.backup(freshPath()));
      process.env['PATH'] = path;
      expect(found).toEqual([expect.stringContaining(absent)]);
      expect(failure).toMatchObject({ code: 'BACKUP_FAILED', message: expect.stringContaining(absent) as string });
      stand(product, 'exit 1');
      await runScript(session, 'DELETE FROM tags;');
      await session.backup.restore(manifest, nothing);
      expect(await session.backup.sums()).toEqual(manifest.objects);
    },
  );

  test('F06 any client reads the file into any database, with the history and without the lock', patient, async () => {
    await using place = await open();
    const session = await prepared(place, ...dumpable(product), ...schema(product));
    const { path } = await session.backup.backup(freshPath());
    expect(readFileSync(path, 'latin1')).not.toMatch(
      /^(CREATE DATABASE|USE |SET @@GLOBAL|SET @@SESSION\.SQL_LOG_BIN)/m,
    );
    const { url } = place.database;
    const elsewhere = await createMysqlDatabase({ product, url: url.slice(0, url.lastIndexOf('/')), source: '' });
    const { hostname, port, username, password } = new URL(elsewhere.url);
    const args = [`-h${hostname}`, `-P${port}`, `-u${username}`, '--protocol=tcp', '--default-character-set=utf8mb4'];
    // From 11.4 on that one warns of a server that it cannot verify.
    const [client, own] = product === 'MariaDB' ? (['mariadb', ['--skip-ssl']] as const) : (['mysql', []] as const);
    const { status, stderr } = spawnSync(programOf(client), [...args, ...own, elsewhere.name], {
      input: readFileSync(path),
      env: { ...process.env, MYSQL_PWD: password },
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
    const tables = (await elsewhere.query('SHOW TABLES')).map((row) => Object.values(row)[0]);
    expect(tables).toContain('schema_version');
    expect(tables).not.toContain('schema_version_lock');
    // Dates that no mode of a script takes, decimals in documents and signs of zeros come back by Detent alone.
    const plain = (table: string): boolean => !['times', 'documents', 'floats', 'schema_version_lock'].includes(table);
    const [there, here] = [await exactRows(elsewhere, plain), await exactRows(place.database, plain)];
    for (const [table, rows] of Object.entries(here)) expect([table, there[table]]).toEqual([table, rows]);
    await elsewhere.drop();
  });
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
