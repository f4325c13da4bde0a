import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError, type Manifest } from '@detent/core';
import { createConnection, type Connection } from 'mysql2/promise';
import { afterEach, describe, expect, test } from 'vitest';
import { exactRows } from './fixtures/exact.ts';
import { schema, values } from './fixtures/fidelity.ts';
import { failureOf, playgrounds, runScript, take, type Playground, type Session } from './fixtures/playground.ts';
import { addZones, ZONES } from './fixtures/zones.ts';

const nothing = async (): Promise<void> => undefined;
const folders: string[] = [];
const patient = { timeout: 120_000 };
const made = { MariaDB: await playgrounds('MariaDB', 'backup'), MySQL: await playgrounds('MySQL', 'backup') };
/** A MySQL that cannot be had is told at the end of the run. */
const HERE = (['MariaDB', 'MySQL'] as const).filter((product) => made[product] !== null);

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'detent-backup-'));
  folders.push(folder);
  return folder;
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
  'CREATE TABLE users (id bigint AUTO_INCREMENT PRIMARY KEY, name varchar(50) NOT NULL)',
  `INSERT INTO users (name) VALUES ${Array.from({ length: 1000 }, (_, index) => `('user ${index}')`).join(', ')}`,
  'CREATE TABLE tags (tag varchar(50))',
  "INSERT INTO tags VALUES ('a'), ('b'), (NULL)",
];

async function shop(place: Playground): Promise<{ session: Session; manifest: Manifest }> {
  const session = await prepared(place, ...SHOP);
  return { session, manifest: await session.backup.backup(join(freshFolder(), 'shop.backup')) };
}

async function connectionTo({ database }: Playground): Promise<Connection> {
  const { hostname, port, username, password, pathname } = new URL(database.url);
  return createConnection({
    host: hostname,
    port: Number(port),
    user: username,
    password,
    database: pathname.slice(1),
    multipleStatements: true,
  });
}

/** Repeats `work` on a connection of its own until it is disposed of. */
async function meanwhile(
  place: Playground,
  work: (client: Connection, round: number) => Promise<unknown>,
): Promise<AsyncDisposable> {
  const client = await connectionTo(place);
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
    return await session.backup.backup(join(freshFolder(), 'b'));
  } catch (error) {
    if (error instanceof DetentError && error.code === 'BACKUP_FAILED') return null;
    throw error;
  }
}

/** Until somebody waits for a lock of the table. */
async function waiting({ database }: Playground, table: string): Promise<void> {
  const question = `SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock%' AND DB = '${database.name}' AND INFO LIKE '%${table}%'`;
  while ((await database.query(question)).length === 0) await sleep(5);
}

const rowsOf = (manifest: Manifest, table: string): number | undefined =>
  manifest.objects.find(({ name }) => name === table)?.rows;
const all = (): boolean => true;

describe.each(HERE)('%s', (product) => {
  const open = made[product];
  const playground = async (): Promise<Playground> => {
    if (open === null) throw new Error(`There is no ${product} here.`);
    return open();
  };
  describe('what it keeps', () => {
    test(
      'F82 F84 every value of every type and everything that is written comes back, byte by byte',
      patient,
      async () => {
        await using place = await playground();
        const session = await prepared(place, ...values(product), ...schema(product));
        const before = await exactRows(place.database, all);
        const fingerprint = await session.fingerprint();
        const sums = await session.backup.sums();
        const manifest = await session.backup.backup(join(freshFolder(), 'b'));
        expect(manifest.objects).toEqual(sums);
        await runScript(session, CHANGES);
        expect(await session.fingerprint()).not.toBe(fingerprint);
        await session.backup.restore(manifest, nothing);
        expect(await session.backup.sums()).toEqual(sums);
        expect(await session.fingerprint()).toBe(fingerprint);
        const after = await exactRows(place.database, all);
        for (const [table, rows] of Object.entries(before)) expect([table, after[table]]).toEqual([table, rows]);
        expect(Object.keys(after)).toEqual(Object.keys(before));
      },
    );

    test.each(ZONES)(
      'F82 times in the gap and in the doubled hour come back in a session in %s',
      patient,
      async (zone) => {
        await using place = await playground();
        await addZones(place.database);
        const client = await connectionTo(place);
        const times = [
          '2024-03-31 02:30:00',
          '2024-03-10 02:30:00',
          '2024-10-06 02:15:00',
          '2024-10-27 02:30:00.123456',
        ];
        const rows = [...times, '2024-11-03 01:30:00', '2024-04-07 01:45:00', '1970-01-02 00:00:00'].map(
          (time, index) => `(${index}, '${time}', '${time}')`,
        );
        await client.query(
          `SET SESSION time_zone = '${zone}', sql_mode = ''; CREATE TABLE times (id int PRIMARY KEY, ts timestamp(6) NULL, dt datetime(6)); INSERT INTO times VALUES ${rows.join(', ')}`,
        );
        const session = await place.open({ connection: client });
        await take(session);
        await session.history.init();
        const before = await exactRows(place.database, (table) => table === 'times');
        const manifest = await session.backup.backup(join(freshFolder(), 'b'));
        await runScript(session, 'UPDATE times SET ts = NULL, dt = NULL;');
        await session.backup.restore(manifest, nothing);
        expect(await exactRows(place.database, (table) => table === 'times')).toEqual(before);
        await session.close();
        const [[zoneNow]] = (await client.query('SELECT @@session.time_zone AS zone')) as unknown as [
          { zone: string }[],
        ];
        expect(zoneNow?.zone).toBe(zone);
        await client.end();
      },
    );

    test('foreign keys lead to the right tables afterwards, both ways and in a circle', patient, async () => {
      await using place = await playground();
      const session = await prepared(
        place,
        'SET foreign_key_checks = 0',
        'CREATE TABLE a (id int PRIMARY KEY, b int, me int, FOREIGN KEY (b) REFERENCES b (id), CONSTRAINT self FOREIGN KEY (me) REFERENCES a (id))',
        'CREATE TABLE b (id int PRIMARY KEY, a int, CONSTRAINT circle FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE)',
        'INSERT INTO a VALUES (1, 1, 1)',
        'INSERT INTO b VALUES (1, 1)',
      );
      const manifest = await session.backup.backup(join(freshFolder(), 'b'));
      for (let round = 0; round < 2; round += 1) {
        await session.backup.restore(manifest, nothing);
        for (const refused of [
          'INSERT INTO a VALUES (2, 9, 1)',
          'INSERT INTO a VALUES (2, 1, 9)',
          'INSERT INTO b VALUES (2, 9)',
        ])
          expect(await failureOf(place.database.query(refused))).toMatchObject({ errno: 1452 });
        await place.database.query('INSERT INTO a VALUES (2, 1, 1)', 'INSERT INTO b VALUES (2, 2)');
        await place.database.query('DELETE FROM a WHERE id = 2');
        expect(await place.database.query('SELECT id FROM b')).toEqual([{ id: '1' }]);
      }
    });

    test('a column that is worked out anew at each look is no part of a sum', patient, async () => {
      await using place = await playground();
      // MySQL has none of them.
      const chance = product === 'MariaDB' ? 'RAND()' : 'a * 2';
      const session = await prepared(
        place,
        `CREATE TABLE momentary (a int PRIMARY KEY, chance double AS (${chance}) VIRTUAL, kept int AS (a + 1) STORED)`,
        'INSERT INTO momentary (a) VALUES (1), (2)',
      );
      const manifest = await session.backup.backup(join(freshFolder(), 'b'));
      expect(await session.backup.sums()).toEqual(manifest.objects);
      await runScript(session, 'UPDATE momentary SET a = 9 WHERE a = 1;');
      expect(await session.backup.sums()).not.toEqual(manifest.objects);
      await session.backup.restore(manifest, nothing);
      expect(await place.database.query('SELECT a, kept FROM momentary ORDER BY a')).toEqual([
        { a: '1', kept: '2' },
        { a: '2', kept: '3' },
      ]);
    });

    test('a field that is longer than a message is kept', patient, async () => {
      await using place = await playground();
      const session = await prepared(
        place,
        'CREATE TABLE large (id int PRIMARY KEY, a longblob, b longtext)',
        "INSERT INTO large VALUES (1, REPEAT(X'00FF5C27', 1500000), REPEAT('é\\\\''', 1500000)), (2, 'x', 'y')",
      );
      const before = await place.database.query('SELECT id, SHA2(a, 256) AS a, SHA2(b, 256) AS b FROM large');
      const manifest = await session.backup.backup(join(freshFolder(), 'b'));
      await runScript(session, 'DELETE FROM large;');
      await session.backup.restore(manifest, nothing);
      expect(await place.database.query('SELECT id, SHA2(a, 256) AS a, SHA2(b, 256) AS b FROM large')).toEqual(before);
    });
  });

  describe('others meanwhile', () => {
    test('F80 a table that others empty and fill is never backed up empty, and nobody hangs', patient, async () => {
      await using place = await playground();
      const session = await prepared(
        place,
        ...SHOP,
        'CREATE TABLE full LIKE users',
        'INSERT INTO full SELECT * FROM users',
      );
      const found: (number | undefined)[] = [];
      {
        await using _ = await meanwhile(place, (other) =>
          other.query(
            'CREATE TABLE next LIKE users; INSERT INTO next SELECT * FROM full LIMIT 100; RENAME TABLE users TO last, next TO users; DROP TABLE last',
          ),
        );
        for (let round = 0; round < 5; round += 1) {
          const backup = await backedUp(session);
          if (backup !== null) found.push(rowsOf(backup, 'users'));
        }
      }
      expect(found.filter((rows) => rows !== 100 && rows !== 1000)).toEqual([]);
    });

    test(
      'F80 a table that is exchanged for a full one while the backup waits is backed up with its rows',
      patient,
      async () => {
        await using place = await playground();
        await using elsewhere = await playground();
        const session = await prepared(place, ...SHOP, 'CREATE TABLE a_first (id int PRIMARY KEY)');
        const { name } = elsewhere.database;
        await place.database.query(`CREATE TABLE ${name}.next LIKE users`);
        const holder = await connectionTo(place);
        await holder.query('LOCK TABLES a_first WRITE');
        const backup = session.backup.backup(join(freshFolder(), 'b'));
        await waiting(place, 'a_first');
        await place.database.query(
          `INSERT INTO ${name}.next SELECT * FROM users WHERE id <= 100`,
          `RENAME TABLE users TO ${name}.last, ${name}.next TO users`,
        );
        await holder.end();
        expect(rowsOf(await backup, 'users')).toBe(100);
      },
    );

    test('F80 F85 a table that others truncate is backed up before or after', patient, async () => {
      await using place = await playground();
      const session = await prepared(place, ...SHOP);
      const found: (number | undefined)[] = [];
      {
        await using _ = await meanwhile(place, async (other, round) => {
          await other.query(`TRUNCATE tags; INSERT INTO tags VALUES ('${round}')`);
          await sleep(5);
        });
        for (let round = 0; round < 5; round += 1) {
          const backup = await backedUp(session);
          if (backup !== null) found.push(rowsOf(backup, 'tags'));
        }
      }
      expect(found.filter((rows) => ![0, 1, 3].includes(rows ?? -1))).toEqual([]);
    });

    test('F81 F83 accounts add up and numbers are ahead of every row', patient, async () => {
      await using place = await playground();
      const session = await prepared(
        place,
        'CREATE TABLE accounts (id int PRIMARY KEY, amount bigint NOT NULL)',
        `INSERT INTO accounts VALUES ${Array.from({ length: 2000 }, (_, index) => `(${index}, 1000)`).join(', ')}`,
        'CREATE TABLE transfers (id bigint AUTO_INCREMENT PRIMARY KEY, amount int)',
      );
      let manifest: Manifest;
      {
        await using _ = await meanwhile(place, (other) =>
          other.query(
            'BEGIN; UPDATE accounts SET amount = amount - 5 WHERE id = 7; UPDATE accounts SET amount = amount + 5 WHERE id = 1001; INSERT INTO transfers (amount) VALUES (5); COMMIT',
          ),
        );
        await sleep(50);
        manifest = await session.backup.backup(join(freshFolder(), 'b'));
        await sleep(50);
      }
      expect(await session.backup.othersWrote(manifest)).toBe(true);
      await session.backup.restore(manifest, nothing);
      await place.database.query('INSERT INTO transfers (amount) VALUES (6)');
      const [row] = await place.database.query(
        'SELECT (SELECT SUM(amount) FROM accounts) AS total, (SELECT COUNT(*) FROM transfers) AS transfers, (SELECT MAX(id) FROM transfers WHERE amount = 5) < (SELECT id FROM transfers WHERE amount = 6) AS ahead',
      );
      expect(row).toEqual({
        total: '2000000',
        transfers: String((rowsOf(manifest, 'transfers') ?? 0) + 1),
        ahead: '1',
      });
    });

    test('F85 a schema that changes is read again, or the backup is refused', patient, async () => {
      await using place = await playground();
      const session = await prepared(place, ...SHOP);
      const backups: Manifest[] = [];
      {
        await using _ = await meanwhile(place, async (other, round) => {
          await other.query(`ALTER TABLE tags ADD COLUMN c${round} int; CREATE VIEW v${round} AS SELECT 1 AS x`);
          await sleep(100);
          await other.query(`ALTER TABLE tags DROP COLUMN c${round}; DROP VIEW v${round}`);
        });
        for (let round = 0; round < 4; round += 1) {
          const manifest = await backedUp(session);
          if (manifest !== null) backups.push(manifest);
        }
      }
      for (const manifest of backups) {
        await session.backup.restore(manifest, nothing);
        expect(await session.backup.sums()).toEqual(manifest.objects);
      }
    });

    test('F84 a table without transactions is kept as it was when the snapshot was taken', patient, async () => {
      await using place = await playground();
      const session = await prepared(
        place,
        'CREATE TABLE a_first (id int PRIMARY KEY) ENGINE = InnoDB',
        'CREATE TABLE z_last (id int AUTO_INCREMENT PRIMARY KEY, other int) ENGINE = MyISAM',
      );
      const manifests: Manifest[] = [];
      {
        // A row in both, the transactional one first: never may the other have more.
        await using _ = await meanwhile(place, (other, round) =>
          other.query(`INSERT INTO a_first VALUES (${round}); INSERT INTO z_last (other) VALUES (${round})`),
        );
        for (let round = 0; round < 5; round += 1)
          manifests.push(await session.backup.backup(join(freshFolder(), 'b')));
      }
      const differences = manifests.map((made) => (rowsOf(made, 'a_first') ?? 0) - (rowsOf(made, 'z_last') ?? 0));
      expect(differences.filter((difference) => difference !== 0 && difference !== 1)).toEqual([]);
    });

    test(
      'F91 writes of others are seen; our own are not, and neither are sessions that only look',
      patient,
      async () => {
        await using place = await playground();
        const { session, manifest } = await shop(place);
        await runScript(session, "INSERT INTO tags VALUES ('ours'); ALTER TABLE users ADD COLUMN x int;");
        expect(await session.backup.othersWrote(manifest)).toBe(false);
        await runScript(session, "UPDATE tags SET tag = 'x'; ALTER TABLE users DROP COLUMN x;");
        await place.database.query('SELECT count(*) FROM users', 'SHOW TABLES');
        expect(await session.backup.othersWrote(manifest)).toBe(false);
        await place.database.query('DELETE FROM users WHERE id = 7');
        expect(await session.backup.othersWrote(manifest)).toBe(true);
        expect(await (await place.open()).backup.othersWrote(manifest)).toBe(true);
      },
    );

    test('F91 what a transaction wrote that was open when the backup began is seen', patient, async () => {
      await using place = await playground();
      const session = await prepared(place, ...SHOP);
      const other = await connectionTo(place);
      await other.query("BEGIN; INSERT INTO tags VALUES ('late')");
      const manifest = await session.backup.backup(join(freshFolder(), 'b'));
      await other.query('COMMIT');
      await other.end();
      expect(await session.backup.othersWrote(manifest)).toBe(true);
    });

    test('F91 what others write elsewhere is no reason where everything is as it was', patient, async () => {
      await using place = await playground();
      await using elsewhere = await playground();
      const { session, manifest } = await shop(place);
      await elsewhere.database.query(...SHOP);
      await runScript(session, 'CREATE TABLE ours (x int);');
      expect(await session.backup.othersWrote(manifest)).toBe(false);
      await runScript(session, "UPDATE tags SET tag = 'ours';");
      expect(await session.backup.othersWrote(manifest)).toBe(true);
    });

    test('F91 what others write while the restore is being prepared blocks it', patient, async () => {
      await using place = await playground();
      const { session, manifest } = await shop(place);
      expect(await session.backup.othersWrote(manifest)).toBe(false);
      await place.database.query("INSERT INTO tags VALUES ('late')");
      expect(await failureOf(session.backup.restore(manifest, nothing))).toMatchObject({ code: 'RESTORE_BLOCKED' });
      expect(await place.database.query("SELECT COUNT(*) AS n FROM tags WHERE tag = 'late'")).toEqual([{ n: '1' }]);
    });

    test('a restore that cannot get its locks changes nothing', patient, async () => {
      await using place = await playground();
      const { manifest } = await shop(place);
      const session = await place.open(undefined, { lockTimeoutMs: 1_000 });
      await take(session, 'run-2').catch(() => undefined);
      const other = await connectionTo(place);
      await other.query("BEGIN; UPDATE tags SET tag = 'held'");
      const failure = await failureOf(session.backup.restore(manifest, nothing));
      await other.query('ROLLBACK');
      await other.end();
      expect(failure).toMatchObject({ code: 'LOCK_TIMEOUT' });
      expect(await session.backup.sums()).toEqual(manifest.objects);
    });
  });

  describe('what goes wrong', () => {
    test('F06 the lease outlives the restore of an older backup', patient, async () => {
      await using place = await playground();
      const { session, manifest } = await shop(place);
      await session.close();
      const later = await place.open();
      await using lease = await take(later, 'run-2');
      await later.backup.restore(manifest, nothing);
      await lease.assert();
      await runScript(later, 'CREATE TABLE t (x int);');
      expect(await place.database.query('SELECT COUNT(*) AS n FROM t')).toEqual([{ n: '0' }]);
    });

    test('F89 a failed backup leaves no file', patient, async () => {
      await using place = await playground();
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

    test('a lock that was lost leaves the database as it was', patient, async () => {
      await using place = await playground();
      const { session, manifest } = await shop(place);
      await runScript(session, 'CREATE TABLE kept (x int);');
      await (await place.open()).lock.break({ fence: false });
      expect(await failureOf(session.backup.restore(manifest, nothing))).toMatchObject({ code: 'LOCK_LOST' });
      expect(await place.database.query('SELECT COUNT(*) AS n FROM kept')).toEqual([{ n: '0' }]);
    });

    test('what cannot be kept or put back is named in the plan, with the reason', patient, async () => {
      await using place = await playground();
      await using elsewhere = await playground();
      const session = await prepared(
        place,
        'CREATE TABLE referred (id int PRIMARY KEY)',
        `CREATE TABLE ${elsewhere.database.name}.referring (id int, FOREIGN KEY (id) REFERENCES ${place.database.name}.referred (id))`,
        'CREATE TABLE target (id int)',
        'CREATE VIEW broken AS SELECT id FROM target',
        'DROP TABLE target',
        'SET foreign_key_checks = 0',
        'CREATE TABLE dangling (id int, CONSTRAINT nowhere FOREIGN KEY (id) REFERENCES missing (id))',
      );
      const found = (await session.backup.check(freshFolder())).join('\n');
      expect(found).toMatch(/referring of another database refers to referred/);
      expect(found).toMatch(/view .*broken does not work/);
      expect(found).toMatch(/dangling refers to missing, which is not there/);
      await place.database.query('CREATE TABLE cold (id int NOT NULL) ENGINE = CSV');
      expect(await session.backup.check(freshFolder())).toEqual([expect.stringMatching(/cold is of the engine CSV/)]);
      await elsewhere.database.query('DROP TABLE referring');
    });

    test('F79 what this user could not read or put back is refused beforehand', patient, async () => {
      await using place = await playground();
      const { name } = place.database;
      await place.database.query(
        ...SHOP,
        'CREATE VIEW theirs AS SELECT 1 AS x',
        `CREATE USER ${name}@'%' IDENTIFIED BY 'geheim'`,
        `GRANT ALL ON \`${name}\`.* TO ${name}@'%'`,
      );
      const url = new URL(place.database.url);
      url.username = name;
      const weak = await place.open({ url: url.href });
      const found = await weak.backup.check(freshFolder());
      expect(found).toEqual([expect.stringMatching(/lacks CREATE: GRANT ALL ON `.*`\.\* TO it\.$/)]);
      const [, pattern = ''] = /`(.*)`/.exec(found[0] ?? '') ?? [];
      await place.database.query(`GRANT ALL ON \`${pattern}\`.* TO ${name}@'%'`);
      await weak.close();
      const stronger = await place.open({ url: url.href });
      expect(await stronger.backup.check(freshFolder())).toEqual([
        expect.stringMatching(/could not make the view theirs again in the name of detent@%/),
      ]);
      await place.database.query('DROP VIEW theirs', 'INSERT INTO tags VALUES (1)');
      await take(stronger);
      await stronger.history.init();
      const manifest = await stronger.backup.backup(join(freshFolder(), 'b'));
      await runScript(stronger, 'DELETE FROM tags;');
      await stronger.backup.restore(manifest, nothing);
      expect(await stronger.backup.sums()).toEqual(manifest.objects);
      await stronger.close();
      await place.database.query(`DROP USER ${name}@'%'`);
    });
  });
});

const CHANGES = [
  'SET foreign_key_checks = 0',
  'DELETE FROM integers',
  "UPDATE texts SET b = 'x'",
  'DROP TABLE customers',
  'CREATE TABLE customers (id int PRIMARY KEY, other int)',
  'ALTER TABLE parts ADD COLUMN later int',
  'DROP VIEW a_over',
  'DROP TRIGGER t_first',
  'DROP EVENT e_daily',
  'DROP PROCEDURE p',
  'DROP VIEW z_base',
  'CREATE TABLE z_base (id int)',
  'CREATE TABLE since (x int)',
  'CREATE VIEW later AS SELECT 1 AS x',
  'ALTER TABLE numbered AUTO_INCREMENT = 9000',
].join(';\n');
