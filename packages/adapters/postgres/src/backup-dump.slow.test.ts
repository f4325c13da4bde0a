import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { postgresClient } from '@detent/tests/servers/postgres-client';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { describeBackups } from './fixtures/backup-facts.ts';
import { backedUp, folder, meanwhile, nothing, patient, prepared, rowsOf, shop, SHOP } from './fixtures/backups.ts';
import { seenBy } from './fixtures/conformance.ts';
import { SCHEMA } from './fixtures/fidelity.ts';
import { failureOf, playground, runScript } from './fixtures/playground.ts';

/** pg_dump would give this table's columns another order, which the plan says. */
const schema = SCHEMA.filter((command) => !/\bcat\b/.test(command));

describeBackups('15', 'pg_dump', { schema, programs: () => postgresClient('15') });
describeBackups('18', 'pg_dump', { schema, programs: () => postgresClient('18') });

describe('pg_dump', () => {
  let programs = '';
  beforeEach(async ({ skip }) => {
    programs = (await postgresClient('18')) ?? skip('There is no pg_dump here.');
    vi.stubEnv('PATH', [programs, process.env['PATH']].join(delimiter));
  });

  test('of a newer version keeps what an older server has', patient, async () => {
    await using place = await playground('15', 'pg_dump');
    const session = await prepared(place, ...schema);
    const { digest } = seenBy((work) => place.database.connected(work));
    const before = await digest();
    const manifest = await session.backup.backup(join(folder(), 'b'));
    expect(manifest.details['tool']).toMatch(/^18\./);
    await runScript(session, 'DROP TABLE people CASCADE;');
    await session.backup.restore(manifest, nothing);
    expect(await digest()).toBe(before);
  });

  test('F80 a table that others empty and fill meanwhile is never kept empty, and nobody hangs', patient, async () => {
    await using place = await playground('18', 'pg_dump');
    const session = await prepared(place, ...SHOP);
    await using _ = await meanwhile(place, async (other) => {
      await other.query(
        "BEGIN; TRUNCATE users; INSERT INTO users SELECT g, 'x' FROM generate_series(1, 100) g; COMMIT",
      );
    });
    const found: (number | undefined)[] = [];
    for (let round = 0; round < 3; round += 1) {
      const made = await backedUp(session);
      if (made !== null) found.push(rowsOf(made, 'users'));
    }
    expect(found.filter((rows) => rows !== 100 && rows !== 1000)).toEqual([]);
  });

  test('F94 nothing that names, texts or rows hold is executed by anybody', patient, async () => {
    await using place = await playground('18', 'pg_dump');
    const trap = join(folder(), 'sprung');
    const evil = `\n\\! touch ${trap}\n\\restrict x\n\\.\nCOMMIT;\nDROP TABLE kept;\n--`;
    const name = `"t${evil.replaceAll('"', '""').slice(0, 60)}"`;
    const session = await prepared(
      place,
      'CREATE TABLE kept (x text)',
      `CREATE TABLE ${name} (id serial, "c${evil.slice(0, 40)}" text DEFAULT '${evil}')`,
      `INSERT INTO ${name} DEFAULT VALUES`,
      `INSERT INTO kept VALUES (E'\\\\.'), ('${evil}'), (E'\\\\! touch ${trap}')`,
      `COMMENT ON TABLE kept IS '${evil}'`,
      `CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $f$ /* ${evil}\nCOPY kept FROM stdin;\n\\.\n */ SELECT 'x' $f$`,
    );
    const before = [await session.fingerprint(), await session.backup.sums()];
    const manifest = await session.backup.backup(join(folder(), 'b'));
    await runScript(session, 'DROP TABLE kept;');
    await session.backup.restore(manifest, nothing);
    expect([await session.fingerprint(), await session.backup.sums()]).toEqual(before);
    expect(existsSync(trap)).toBe(false);
  });

  test('F93 the password is known to the program alone, and of the environment only what it needs', async () => {
    const spied = folder();
    for (const program of ['pg_dump', 'pg_restore']) {
      const lines = [
        '#!/bin/sh',
        `printf '%s\\n' "$0" "$@" >> '${join(spied, 'args')}'`,
        `env >> '${join(spied, program)}.env'`,
        `exec '${join(programs, program)}' "$@"`,
      ];
      writeFileSync(join(spied, program), `${lines.join('\n')}\n`);
      chmodSync(join(spied, program), 0o755);
    }
    vi.stubEnv('PATH', [spied, process.env['PATH']].join(delimiter));
    vi.stubEnv('PGHOSTADDR', '192.0.2.1');
    vi.stubEnv('PGHOST', 'no-such-host.invalid');
    vi.stubEnv('DATABASE_URL', 'postgres://other:secret@elsewhere/x');
    await using place = await playground('18', 'pg_dump');
    const { session, manifest } = await shop(place);
    await session.backup.restore(manifest, nothing);
    const [args, dump, restore] = ['args', 'pg_dump.env', 'pg_restore.env'].map((file) =>
      readFileSync(join(spied, file), 'utf8'),
    );
    const { password } = new URL(place.database.url);
    expect(password).not.toBe('');
    expect(dump).toContain(`PGPASSWORD=${password}\n`);
    expect(restore).not.toContain('PGPASSWORD');
    expect(args).not.toContain(password);
    for (const text of [dump, restore]) expect(text).not.toMatch(/PGHOSTADDR|DATABASE_URL|no-such-host/);
    expect(JSON.stringify(manifest)).not.toContain(password);
    expect([...place.notes, ...place.warnings].join()).not.toContain(password);
  });

  test('the archive is one that pg_restore reads, with the history and without the lock', async () => {
    await using place = await playground('18', 'pg_dump');
    const { manifest } = await shop(place);
    const list = execFileSync(join(programs, 'pg_restore'), ['--list', manifest.path], { encoding: 'utf8' });
    expect(list).toMatch(/TABLE DATA public users /);
    expect(list).toMatch(/TABLE DATA public schema_version /);
    expect(list).not.toContain('schema_version_lock');
  });

  test('the history of the archive comes back into tables of a newer layout, with their owner and grants', async () => {
    await using place = await playground('18', 'pg_dump');
    const role = `role_${place.database.name}`;
    const session = await prepared(place, ...SHOP, `CREATE ROLE ${role}`);
    await place.database.query(
      "INSERT INTO schema_version_event (seq, at, run_id, actor, action, prev_hash, hash) VALUES (1, 1, 'r', 'a', 'x', '', '')",
      `GRANT SELECT ON schema_version_event TO ${role}`,
    );
    const manifest = await session.backup.backup(join(folder(), 'b'));
    await runScript(
      session,
      'ALTER TABLE schema_version_event ADD COLUMN later int; DELETE FROM schema_version_event;',
    );
    await session.backup.restore(manifest, nothing);
    expect(
      await place.database.query(
        `SELECT e.run_id, e.later, has_table_privilege('${role}', 'schema_version_event', 'SELECT') AS granted, to_regclass('schema_version_event_pkey') IS NOT NULL AS key FROM schema_version_event e`,
      ),
    ).toEqual([{ run_id: 'r', later: null, granted: true, key: true }]);
    await session.close();
    await place.database.query(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  });

  test('F79 what it would change is refused in the plan, and no backup is made of it', async () => {
    await using place = await playground('18', 'pg_dump');
    const session = await prepared(
      place,
      'CREATE TABLE animal (id int, name text)',
      'CREATE TABLE cat (purr int, name text, id int)',
      'ALTER TABLE cat INHERIT animal',
    );
    await place.database.query('CREATE VIEW done AS SELECT id FROM schema_version');
    const found = await session.backup.check(folder());
    expect(found).toContainEqual(expect.stringMatching(/order of columns in public\.cat/));
    expect(found).toContainEqual(expect.stringMatching(/view public\.done stands on Detent's history/));
    expect(await failureOf(session.backup.backup(join(folder(), 'b')))).toMatchObject({
      code: 'BACKUP_FAILED',
      message: expect.stringContaining('order of columns'),
    });
  });

  test('an archive whose rows are not those that were counted is no backup', async () => {
    const spied = folder();
    const lines = ['#!/bin/sh', `exec '${join(programs, 'pg_dump')}' "$@" --exclude-table-data=tags`];
    writeFileSync(join(spied, 'pg_dump'), `${lines.join('\n')}\n`);
    chmodSync(join(spied, 'pg_dump'), 0o755);
    writeFileSync(join(spied, 'pg_restore'), `#!/bin/sh\nexec '${join(programs, 'pg_restore')}' "$@"\n`);
    chmodSync(join(spied, 'pg_restore'), 0o755);
    vi.stubEnv('PATH', [spied, process.env['PATH']].join(delimiter));
    await using place = await playground('18', 'pg_dump');
    const session = await prepared(place, ...SHOP);
    expect(await failureOf(session.backup.backup(join(folder(), 'b')))).toMatchObject({
      code: 'BACKUP_FAILED',
      message: expect.stringContaining('tags has 3 rows, and 0 of them'),
    });
  });
});
