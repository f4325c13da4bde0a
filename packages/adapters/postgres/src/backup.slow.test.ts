import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError, type Manifest, type MigrationSession } from '@detent/core';
import { Client } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import type { PgClient } from './driver.ts';
import { seenBy } from './fixtures/conformance.ts';
import { grants, SCHEMA, VALUES } from './fixtures/fidelity.ts';
import { failureOf, playground, runScript, take, type Playground } from './fixtures/playground.ts';

type Session = MigrationSession<PgClient>;

const nothing = async (): Promise<void> => undefined;
const folders: string[] = [];
const patient = { timeout: 60_000 };

afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'detent-backup-'));
  folders.push(made);
  return made;
}

/** A session that holds the lock on a database with what `commands` make. */
async function prepared(place: Playground, ...commands: readonly string[]): Promise<Session> {
  await place.database.query(...commands);
  const session = await place.open();
  await take(session);
  await session.history.init();
  return session;
}

const SHOP = [
  'CREATE TABLE users (id bigserial PRIMARY KEY, name text NOT NULL)',
  "INSERT INTO users (name) SELECT 'user ' || g FROM generate_series(1, 1000) g",
  'CREATE TABLE tags (tag text)',
  "INSERT INTO tags VALUES ('a'), ('b'), (NULL)",
];

async function shop(place: Playground): Promise<{ session: Session; manifest: Manifest }> {
  const session = await prepared(place, ...SHOP);
  return { session, manifest: await session.backup.backup(join(folder(), 'shop.backup')) };
}

/** Repeats `work` in a session of its own until it is disposed of. */
async function meanwhile(
  place: Playground,
  work: (client: Client, round: number) => Promise<void>,
): Promise<AsyncDisposable> {
  const client = new Client({ connectionString: place.database.url });
  await client.connect();
  let isOver = false;
  const running = (async () => {
    for (let round = 0; !isOver; round += 1) await work(client, round);
  })();
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      await running;
      await client.end();
    },
  };
}

/** `null`: refused with the one code that a backup may be refused with while others write. */
async function backedUp(session: Session): Promise<Manifest | null> {
  try {
    return await session.backup.backup(join(folder(), 'b'));
  } catch (error) {
    if (error instanceof DetentError && error.code === 'BACKUP_FAILED') return null;
    throw error;
  }
}

const rowsOf = (manifest: Manifest, table: string): number | undefined =>
  manifest.objects.find(({ name }) => name === table)?.rows;

describe.each(['15', '18'] as const)('PostgreSQL %s', (major) => {
  test.each(['UTC', 'Europe/Berlin', 'Asia/Kathmandu'])(
    'F78 F82 every value and everything that commands make come back, in %s',
    patient,
    async (zone) => {
      await using place = await playground(major);
      const { name } = place.database;
      const role = `role_${name}`;
      await place.database.query(`ALTER DATABASE ${name} SET timezone = '${zone}'`);
      const session = await prepared(place, ...VALUES, ...SCHEMA, ...grants(role));
      const { digest } = seenBy((work) => place.database.connected(work));
      const before = [await digest(), await session.fingerprint(), await session.backup.sums()];
      const manifest = await session.backup.backup(join(folder(), 'b'));
      expect(manifest.objects).toEqual(before[2]);
      await runScript(session, `${CHANGES};\nGRANT ALL ON edges TO ${role};\nALTER DATABASE ${name} RESET ALL;`);
      expect(await digest()).not.toBe(before[0]);
      await session.backup.restore(manifest, nothing);
      expect([await digest(), await session.fingerprint(), await session.backup.sums()]).toEqual(before);
      await session.close();
      await place.database.query(`DROP OWNED BY ${role} CASCADE`, `DROP ROLE ${role}`);
    },
  );

  test(
    'F80 a table that others empty and fill meanwhile is never backed up empty, and nobody hangs',
    patient,
    async () => {
      await using place = await playground(major);
      const session = await prepared(place, ...SHOP);
      await using _ = await meanwhile(place, async (other) => {
        await other.query(
          "BEGIN; TRUNCATE users; INSERT INTO users SELECT g, 'x' FROM generate_series(1, 100) g; COMMIT",
        );
      });
      const found: (number | undefined)[] = [];
      for (let round = 0; round < 6; round += 1) {
        const made = await backedUp(session);
        if (made !== null) found.push(rowsOf(made, 'users'));
      }
      expect(found.filter((rows) => rows !== 100 && rows !== 1000)).toEqual([]);
    },
  );

  test('F81 F83 accounts add up and sequences are ahead of every row, while others write', patient, async () => {
    await using place = await playground(major);
    const session = await prepared(
      place,
      'CREATE TABLE accounts (id int PRIMARY KEY, amount bigint NOT NULL)',
      'INSERT INTO accounts SELECT g, 1000 FROM generate_series(1, 2000) g',
      'CREATE TABLE transfers (id bigserial PRIMARY KEY, amount int)',
    );
    let manifest: Manifest;
    {
      await using _ = await meanwhile(place, async (other) => {
        await other.query(
          'BEGIN; UPDATE accounts SET amount = amount - 5 WHERE id = 7; UPDATE accounts SET amount = amount + 5 WHERE id = 1001; INSERT INTO transfers (amount) VALUES (5); COMMIT',
        );
      });
      await sleep(50);
      manifest = await session.backup.backup(join(folder(), 'b'));
      await sleep(50);
    }
    expect(await session.backup.othersWrote(manifest)).toBe(true);
    await session.backup.restore(manifest, nothing);
    const [row] = await session.sql`SELECT (SELECT sum(amount)::int FROM accounts) AS total,
      (SELECT count(*)::int FROM transfers) AS transfers, nextval('transfers_id_seq') > (SELECT max(id) FROM transfers) AS ahead`;
    expect(row).toEqual({ total: 2_000_000, transfers: rowsOf(manifest, 'transfers'), ahead: true });
  });

  test('F85 a schema that changes meanwhile is read again, or the backup is refused', patient, async () => {
    await using place = await playground(major);
    const session = await prepared(place, ...SHOP);
    const made: Manifest[] = [];
    {
      await using _ = await meanwhile(place, async (other, round) => {
        await other.query(`ALTER TABLE tags ADD COLUMN c${round} int`);
        await sleep(40);
        await other.query(`ALTER TABLE tags DROP COLUMN c${round}`);
      });
      for (let round = 0; round < 4; round += 1) {
        const manifest = await backedUp(session);
        if (manifest !== null) made.push(manifest);
      }
    }
    for (const manifest of made) {
      await session.backup.restore(manifest, nothing);
      expect(await session.backup.sums()).toEqual(manifest.objects);
    }
  });

  test('F06 the lease outlives the restore of an older backup', async () => {
    await using place = await playground(major);
    const { session, manifest } = await shop(place);
    await session.close();
    const later = await place.open();
    await using lease = await take(later, 'run-2');
    await later.backup.restore(manifest, nothing);
    await lease.assert();
    await runScript(later, 'CREATE TABLE t (x int);');
    expect(await place.database.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 0 }]);
  });

  test('F89 a failed backup leaves no file', async () => {
    await using place = await playground(major);
    const { session, manifest } = await shop(place);
    const at = join(manifest.path, '..');
    const before = readdirSync(at);
    for (const path of [manifest.path, join(at, 'no', 'b')])
      expect(await failureOf(session.backup.backup(path))).toMatchObject({ code: 'BACKUP_FAILED' });
    expect(await failureOf(session.backup.backup(join(at, 'c'), AbortSignal.abort()))).toMatchObject({
      code: 'BACKUP_FAILED',
    });
    expect(readdirSync(at)).toEqual(before);
    expect(await session.backup.sums()).toEqual(manifest.objects);
  });

  test('F91 writes of others are seen; our own are not, and neither are sessions that only look', async () => {
    await using place = await playground(major);
    const { session, manifest } = await shop(place);
    await runScript(session, "INSERT INTO tags VALUES ('ours'); ALTER TABLE users ADD COLUMN x int;");
    expect(await session.backup.othersWrote(manifest)).toBe(false);
    await runScript(session, "DELETE FROM tags WHERE tag = 'ours';");
    await place.database.query('SELECT count(*) FROM users');
    expect(await session.backup.othersWrote(manifest)).toBe(false);
    await place.database.query('DELETE FROM users WHERE id = 7');
    expect(await session.backup.othersWrote(manifest)).toBe(true);
    expect(await (await place.open()).backup.othersWrote(manifest)).toBe(true);
  });

  test('F91 what others write while the restore is being prepared blocks it', async () => {
    await using place = await playground(major);
    const { session, manifest } = await shop(place);
    expect(await session.backup.othersWrote(manifest)).toBe(false);
    await place.database.query("INSERT INTO tags VALUES ('late')");
    expect(await failureOf(session.backup.restore(manifest, nothing))).toMatchObject({ code: 'RESTORE_BLOCKED' });
    expect(await place.database.query("SELECT count(*)::int AS n FROM tags WHERE tag = 'late'")).toEqual([{ n: 1 }]);
  });

  test('a record that fails, or a lock that was lost, leaves the database as it was', async () => {
    await using place = await playground(major);
    const { session, manifest } = await shop(place);
    await runScript(session, 'CREATE TABLE kept (x int);');
    const failing = session.backup.restore(manifest, () => Promise.reject(new Error('no ink')));
    expect(await failureOf(failing)).toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringContaining('no ink'),
    });
    await (await place.open()).lock.break({ fence: false });
    expect(await failureOf(session.backup.restore(manifest, nothing))).toMatchObject({ code: 'LOCK_LOST' });
    expect(await place.database.query('SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 0 }]);
  });

  test('a restore that is cut off at any moment leaves the state before or the state after', patient, async () => {
    await using place = await playground(major);
    const { session, manifest } = await shop(place);
    const change = "CREATE TABLE since (x int); INSERT INTO users (name) SELECT name || '!' FROM users;";
    await runScript(session, change);
    const before = JSON.stringify((await session.backup.sums()).map(({ name, rows }) => [name, rows]));
    await session.close();
    const seen = { before: 0, after: 0 };
    const neither: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      const runner = await place.open();
      await take(runner, `run-${round}`);
      const [row] = await runner.sql`SELECT pg_backend_pid() AS pid`;
      const cut = sleep(round * 40).then(() =>
        place.database.query(`SELECT pg_terminate_backend(${Number(row?.['pid'])})`),
      );
      await runner.backup.restore(manifest, nothing).catch(() => undefined);
      await cut;
      await runner.close();
      const next = await place.open();
      await take(next, 'look');
      const sums = await next.backup.sums();
      const isAfter = JSON.stringify(sums) === JSON.stringify(manifest.objects);
      seen[isAfter ? 'after' : 'before'] += 1;
      const found = JSON.stringify(sums.map(({ name, rows }) => [name, rows]));
      if (!isAfter && found !== before) neither.push(found);
      if (isAfter) await runScript(next, change);
      await next.close();
    }
    expect(neither).toEqual([]);
    expect(seen.before).toBeGreaterThan(0);
  });

  test('F79 what this user could not read or put back is refused beforehand', async () => {
    await using place = await playground(major);
    const role = `role_${place.database.name}`;
    const session = await prepared(place, ...SHOP, `CREATE ROLE ${role} LOGIN`, `GRANT SELECT ON tags TO ${role}`);
    expect(await session.backup.check(folder())).toEqual([]);
    const url = new URL(place.database.url);
    url.username = role;
    const weak = await place.open({ url: url.href });
    const found = await weak.backup.check(folder());
    await weak.close();
    expect(found).toContainEqual(expect.stringMatching(/may not read every row of users/));
    expect(found).toContainEqual(expect.stringMatching(/belongs to postgres/));
    await session.close();
    await place.database.query(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  });

  test('what cannot be kept is named in the plan, with the reason', async () => {
    await using place = await playground(major);
    const session = await prepared(
      place,
      'CREATE TABLE t (x int)',
      'CREATE PUBLICATION news FOR TABLE t',
      'CREATE FOREIGN DATA WRAPPER far',
      'CREATE SERVER away FOREIGN DATA WRAPPER far',
      'CREATE FOREIGN TABLE distant (x int) SERVER away',
      'CREATE TYPE half_made',
    );
    const found = await session.backup.check(folder());
    for (const name of ['news', 'far', 'away', 'distant', 'half_made'])
      expect(found).toContainEqual(expect.stringMatching(new RegExp(`${name} cannot be kept: .+\\.$`)));
  });
});

const CHANGES = [
  'DELETE FROM edges WHERE id = 1',
  'DROP TABLE people CASCADE',
  'DROP TABLE animal CASCADE',
  'DROP SCHEMA "My Schema" CASCADE',
  'ALTER TABLE parts ADD COLUMN later int',
  'CREATE SCHEMA stray',
  'CREATE TABLE stray.t (x int)',
  'DROP SEQUENCE counter',
  'SELECT lo_unlink(70003), lo_create(70009)',
  "COMMENT ON TABLE edges IS 'new'",
].join(';\n');
