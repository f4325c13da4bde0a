import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { folder, nothing, patient, prepared, shop } from './fixtures/backups.ts';
import { seenBy } from './fixtures/conformance.ts';
import { EXTENSIONS, grants, SCHEMA, VALUES } from './fixtures/fidelity.ts';
import { until } from './fixtures/places.ts';
import { failureOf, playground, runScript, type Playground } from './fixtures/playground.ts';
import { postgres } from './index.ts';

/** The copies of its database that there are. */
async function copies({ database }: Playground): Promise<readonly string[]> {
  const rows = await database.query(
    "SELECT datname FROM pg_database WHERE starts_with(datname, current_database() || '_detent_') ORDER BY 1",
  );
  return rows.map(({ datname }) => String(datname));
}

const alone = (place: Playground): Promise<number> =>
  until(
    place,
    "NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'detent')",
  );

describe.each(['15', '18'] as const)('PostgreSQL %s, kept by a template copy', (major) => {
  test('F78 F82 everything comes back, with what belongs to the database as a whole', patient, async () => {
    await using place = await playground(major, 'template');
    const { name } = place.database;
    const role = `role_${name}`;
    await place.database.query(`ALTER DATABASE ${name} SET timezone = 'Europe/Berlin'`);
    const session = await prepared(place, ...VALUES, ...SCHEMA, ...EXTENSIONS, ...grants(role));
    const { digest } = seenBy((work) => place.database.connected(work));
    const before = [await digest(), await session.fingerprint(), await session.backup.sums()];
    const manifest = await session.backup.backup(join(folder(), 'b'));
    expect(manifest.objects).toEqual(before[2]);
    expect(await copies(place)).toHaveLength(1);
    await runScript(session, `DROP TABLE edges CASCADE;\nALTER DATABASE ${name} RESET ALL;`);
    expect(await digest()).not.toBe(before[0]);
    await session.backup.restore(manifest, nothing);
    expect([await digest(), await session.fingerprint(), await session.backup.sums()]).toEqual(before);
    const settings =
      'SELECT setconfig::text AS s FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database() AND s.setrole = 0';
    expect(await place.database.query(settings)).toEqual([{ s: expect.stringContaining('Europe/Berlin') as string }]);
    await session.backup.delete(manifest);
    expect([await copies(place), readdirSync(join(manifest.path, '..'))]).toEqual([[], []]);
    await session.close();
    await place.database.query(`DROP OWNED BY ${role} CASCADE`, `DROP ROLE ${role}`);
  });

  test('F77 who is connected is named in the plan, and no copy is made', patient, async () => {
    await using place = await playground(major, 'template');
    const session = await prepared(place);
    const other = new Client({ connectionString: place.database.url });
    await other.connect();
    const pid = (await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
    await until(
      place,
      "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'detent') = 2",
    );
    const found = await session.backup.check(folder());
    expect(found.join()).toContain(`process ${pid} of postgres`);
    await other.end();
    await alone(place);
    expect(await session.backup.check(folder())).toEqual([]);
  });

  test('F89 a failed backup leaves no file and no copy', patient, async () => {
    await using place = await playground(major, 'template');
    const { session, manifest } = await shop(place);
    const [copy] = await copies(place);
    for (const path of [manifest.path, join(manifest.path, '..', 'no', 'b')])
      expect(await failureOf(session.backup.backup(path))).toMatchObject({ code: 'BACKUP_FAILED' });
    expect(await copies(place)).toEqual([copy]);
    await session.backup.delete(manifest);
    expect(await copies(place)).toEqual([]);
  });

  test('a copy that somebody wrote to, or dropped, is found', patient, async () => {
    await using place = await playground(major, 'template');
    const { session, manifest } = await shop(place);
    await session.backup.verify(manifest);
    const [copy = ''] = await copies(place);
    const url = new URL(place.database.url);
    url.pathname = `/${copy}`;
    const writer = new Client({ connectionString: url.href });
    await writer.connect();
    await writer.query("INSERT INTO tags VALUES ('x')");
    await writer.end();
    expect(await failureOf(session.backup.verify(manifest))).toMatchObject({ code: 'BACKUP_DAMAGED' });
    await place.database.query(`DROP DATABASE ${copy} WITH (FORCE)`);
    expect(await failureOf(session.backup.verify(manifest))).toMatchObject({
      code: 'BACKUP_DAMAGED',
      message: expect.stringContaining(`has lost its database ${copy}`) as string,
    });
  });

  test('a run that fails goes back to it, and one that succeeds leaves none', patient, async () => {
    await using place = await playground(major, 'template');
    const run = async (files: Readonly<Record<string, string>>): Promise<readonly unknown[]> => {
      await alone(place);
      await using executor = new MigrationScriptExecutor({
        adapter: postgres({ url: place.database.url, backup: 'template' }),
        migrations: fromModules(files),
        rollback: 'backup',
        transaction: 'none',
        backup: { folder: folder() },
      });
      const { success, rollback, errors } = await executor.migrate();
      return [success, rollback, ...errors.map(({ code }) => code)];
    };
    const first = { 'V1_a.sql': 'CREATE TABLE a (x int);\nINSERT INTO a VALUES (1);' };
    expect(await run(first)).toEqual([true, 'none-needed']);
    expect(await copies(place)).toEqual([]);
    const bad = { ...first, 'V2_b.sql': 'UPDATE a SET x = 2;\nINSERT INTO none VALUES (1);' };
    expect(await run(bad)).toEqual([false, 'complete', 'STATEMENT_FAILED']);
    expect(await place.database.query('SELECT x FROM a')).toEqual([{ x: 1 }]);
    expect(await copies(place)).toEqual([]);
  });
});

test('a template copy needs a connection of its own, and the right to make a database', patient, async () => {
  await using place = await playground('18', 'template');
  const role = `plain_${place.database.name}`;
  await place.database.query(`CREATE ROLE ${role} LOGIN`, `GRANT ALL ON SCHEMA public TO ${role}`);
  const url = new URL(place.database.url);
  url.username = role;
  const session = await place.open({ url: url.href, backup: 'template' });
  const found = (await session.backup.check(folder())).join();
  expect(found).toContain('CREATEDB');
  expect(found).toContain('Only its owner may copy');
  await session.close();
  await place.database.query(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
});
