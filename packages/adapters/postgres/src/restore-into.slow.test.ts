import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { createPostgresDatabase, postgresServer, type PostgresDatabase } from '@detent/tests/servers/postgres';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { folder, patient, SHOP } from './fixtures/backups.ts';
import { seenBy } from './fixtures/conformance.ts';
import { failureOf } from './fixtures/playground.ts';
import { postgres, type PgClient } from './index.ts';
import { checkOptions } from './options.ts';
import { swapDatabases } from './swap-database.ts';

interface Shop extends AsyncDisposable {
  readonly database: PostgresDatabase;
  /** A name that is free, and gone at the end. */
  readonly name: string;
  readonly newUrl: string;
  readonly path: string;
  readonly executor: MigrationScriptExecutor<PgClient>;
  readonly digest: () => Promise<string>;
}

/** A database with migrations and a backup, and a row that was written since. */
async function shop(major: '15' | '18'): Promise<Shop> {
  const server = await postgresServer(major);
  if (server === null) throw new Error(`There is no PostgreSQL ${major} here.`);
  const database = await createPostgresDatabase(server);
  const name = `${database.name} "then"`;
  const newUrl = new URL(database.url);
  newUrl.pathname = `/${encodeURIComponent(name)}`;
  const executor = executorOn(database.url);
  expect((await executor.migrate()).errors).toEqual([]);
  const path = join(folder(), 'shop.backup');
  expect((await executor.backup({ path })).errors).toEqual([]);
  await database.query("INSERT INTO tags VALUES ('later')");
  return {
    database,
    name,
    newUrl: newUrl.href,
    path,
    executor,
    digest: seenBy((work) => database.connected(work)).digest,
    async [Symbol.asyncDispose]() {
      await executor.close();
      await database.query(`DROP DATABASE IF EXISTS "${name.replaceAll('"', '""')}" WITH (FORCE)`);
      await database.drop();
    },
  };
}

function executorOn(url: string): MigrationScriptExecutor<PgClient> {
  const migrations = fromModules({ 'V1_shop.sql': SHOP.map((text) => `${text};\n`).join('') });
  return new MigrationScriptExecutor<PgClient>({ adapter: postgres({ url }), migrations, username: 'tester' });
}

async function ask(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe.each(['15', '18'] as const)('a backup of PostgreSQL %s', (major) => {
  test('F91 is put into a new database, and what was written since stays where it is', patient, async () => {
    await using place = await shop(major);
    const { executor, name, path, newUrl, digest } = place;
    const before = await digest();
    const { success, changes } = await executor.restore({ path, into: name });
    expect([success, changes.map(({ what }) => what)]).toEqual([true, ['restored', 'into']]);
    expect(await digest()).toBe(before);
    await place.database.query("DELETE FROM tags WHERE tag = 'later'");
    const sql = 'SELECT (SELECT count(*)::int FROM users) AS users, (SELECT count(*)::int FROM tags) AS tags';
    expect(await ask(newUrl, sql)).toEqual([{ users: 1000, tags: 3 }]);
    const traits =
      'SELECT encoding, datcollate, datctype, datlocprovider FROM pg_database WHERE datname = current_database()';
    expect(await ask(newUrl, traits)).toEqual(await ask(place.database.url, traits));
    await using there = executorOn(newUrl);
    const { executed, migrated } = await there.migrate();
    expect([executed, migrated.map(({ id }) => id)]).toEqual([[], ['1']]);
    expect((await there.verify()).problems).toEqual([]);
    expect((await there.inspect()).holder).toBeNull();
  });

  test('is not put into a database that is there', patient, async () => {
    await using place = await shop(major);
    const { executor, database, path } = place;
    await expect(executor.restore({ path, into: database.name })).rejects.toMatchObject({
      code: 'CONFIG',
      message: `There is a database ${database.name} already.`,
    });
    expect((await executor.verify()).problems).toEqual([]);
  });

  test('that is damaged leaves no database', patient, async () => {
    await using place = await shop(major);
    const { executor, database, name, path } = place;
    const bytes = readFileSync(path);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const { success, errors } = await executor.restore({ path, into: name });
    expect([success, errors.map(({ code }) => code)]).toEqual([false, ['BACKUP_DAMAGED']]);
    expect(await database.query('SELECT 1 FROM pg_database WHERE datname LIKE current_database() || $$ "%$$')).toEqual(
      [],
    );
  });

  test('F79 is not put into a new database by who may not create one', patient, async () => {
    await using place = await shop(major);
    const role = `${place.database.name}_plain`;
    await place.database.query(`CREATE ROLE ${role} LOGIN`, `GRANT ALL ON DATABASE ${place.database.name} TO ${role}`);
    const url = new URL(place.database.url);
    url.username = role;
    {
      await using executor = executorOn(url.href);
      const { errors } = await executor.restore({ path: place.path, into: place.name });
      expect(errors.map(({ code, hint }) => [code, hint?.includes('CREATEDB')])).toEqual([['BACKUP_UNFIT', true]]);
    }
    await place.database.query(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  });
});

test('a connection of a user’s own has no other database made beside it', async () => {
  await using place = await shop('18');
  const client = new Client({ connectionString: place.database.url });
  await client.connect();
  const adapter = postgres({ client });
  await using executor = new MigrationScriptExecutor({ adapter, migrations: fromModules({}) });
  await expect(executor.restore({ path: place.path, into: place.name })).rejects.toMatchObject({ code: 'CONFIG' });
  await executor.close();
  await client.end();
});

describe('a backup that is to take the place of the database', () => {
  test('F91 is under its name afterwards, and what was in use under the other', patient, async () => {
    await using place = await shop('18');
    const { executor, database, name, path, newUrl } = place;
    await database.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT 37`);
    const { success, changes, errors } = await executor.restore({ path, into: name, swap: true });
    expect([success, errors, changes.map(({ what }) => what)]).toEqual([true, [], ['restored', 'into', 'swapped']]);
    const tags = 'SELECT count(*)::int AS tags FROM tags';
    expect([await ask(database.url, tags), await ask(newUrl, tags)]).toEqual([[{ tags: 3 }], [{ tags: 4 }]]);
    const limit = 'SELECT datconnlimit::int AS n FROM pg_database WHERE datname = current_database()';
    expect(await ask(database.url, limit)).toEqual([{ n: 37 }]);
    const { executed, migrated } = await executor.migrate();
    expect([executed, migrated.map(({ id }) => id)]).toEqual([[], ['1']]);
    expect((await executor.verify()).problems).toEqual([]);
    await executor.close();
    await database.query(`DROP DATABASE "${name.replaceAll('"', '""')}"`);
  });

  test('F71 is refused before anything is made while somebody is connected, who is named', patient, async () => {
    await using place = await shop('18');
    const { executor, database, name, path } = place;
    const other = new Client({ connectionString: database.url });
    await other.connect();
    const pid = (await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0;
    const { errors } = await executor.restore({ path, into: name, swap: true });
    await other.end();
    expect(errors.map(({ code, message }) => [code, message.includes(`Process ${pid} of`)])).toEqual([
      ['BACKUP_UNFIT', true],
    ]);
    expect(await database.query('SELECT 1 FROM pg_database WHERE datname LIKE current_database() || $$ "%$$')).toEqual(
      [],
    );
  });

  test('F79 is refused by name for what would not come along, and to who may not rename', patient, async () => {
    await using place = await shop('18');
    const { executor, database, name, path } = place;
    await database.query(`ALTER DATABASE ${database.name} IS_TEMPLATE true`);
    const { errors } = await executor.restore({ path, into: name, swap: true });
    expect(errors[0]).toMatchObject({ code: 'BACKUP_UNFIT', message: expect.stringContaining('Its being a template') });
    await database.query(`ALTER DATABASE ${database.name} IS_TEMPLATE false`);
    const role = `${database.name}_plain`;
    await database.query(`CREATE ROLE ${role} LOGIN CREATEDB`, `GRANT ALL ON DATABASE ${database.name} TO ${role}`);
    const url = new URL(database.url);
    url.username = role;
    {
      await using theirs = executorOn(url.href);
      const refused = await theirs.restore({ path, into: name, swap: true });
      expect(refused.errors[0]).toMatchObject({ code: 'BACKUP_UNFIT', message: expect.stringContaining('its owner') });
    }
    await database.query(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  });

  test(
    'stays beside it when somebody has connected meanwhile, who is named, and both keep their names',
    patient,
    async () => {
      await using place = await shop('18');
      const { executor, database, name, path, newUrl } = place;
      expect((await executor.restore({ path, into: name })).errors).toEqual([]);
      await executor.close();
      const late = new Client({ connectionString: database.url });
      await late.connect();
      const pid = (await late.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0;
      const failure = await failureOf(swapDatabases(checkOptions({ url: database.url }), name, { timeoutMs: 5_000 }));
      expect(failure).toMatchObject({
        code: 'RESTORE_FAILED',
        message: expect.stringContaining(`Process ${pid} of`),
        hint: expect.stringContaining('ALTER DATABASE'),
      });
      await late.end();
      const tags = 'SELECT count(*)::int AS tags FROM tags';
      expect([await ask(database.url, tags), await ask(newUrl, tags)]).toEqual([[{ tags: 4 }], [{ tags: 3 }]]);
    },
  );
});
