import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '@detent/core';
import { afterEach, describe, expect, test } from 'vitest';
import { failureOf, runScript, take } from './fixtures/playground.ts';
import {
  backedUp,
  connectionTo,
  freshPath,
  meanwhile,
  nothing,
  prepared,
  productsFor,
  removeFolders,
  rowsOf,
  shop,
  SHOP,
  waiting,
} from './fixtures/shop.ts';

const patient = { timeout: 120_000 };

afterEach(removeFolders);

describe.each(await productsFor('others'))('others meanwhile, on $product', ({ open }) => {
  test('F80 a table that others empty and fill is never backed up empty, and nobody hangs', patient, async () => {
    await using place = await open();
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
      await using place = await open();
      await using elsewhere = await open();
      const session = await prepared(place, ...SHOP, 'CREATE TABLE a_first (id int PRIMARY KEY)');
      const { name } = elsewhere.database;
      await place.database.query(`CREATE TABLE ${name}.next LIKE users`);
      const holder = await connectionTo(place);
      await holder.query('LOCK TABLES a_first WRITE');
      const backup = session.backup.backup(freshPath());
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
    await using place = await open();
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

  test('F81 F83 accounts add up in every backup, and numbers are ahead of every row', patient, async () => {
    await using place = await open();
    const accounts = Array.from({ length: 2000 }, (_, index) => `(${index}, 1000)`).join(', ');
    const session = await prepared(
      place,
      'CREATE TABLE accounts (id int PRIMARY KEY, amount bigint NOT NULL)',
      'CREATE TABLE zz_savings LIKE accounts',
      ...['accounts', 'zz_savings'].map((table) => `INSERT INTO ${table} VALUES ${accounts}`),
      'CREATE TABLE transfers (id bigint AUTO_INCREMENT PRIMARY KEY, amount int)',
    );
    const transferring = (writer: number): ReturnType<typeof meanwhile> =>
      meanwhile(place, (other, round) => {
        const id = (writer + 3 * round) % 2000;
        return other.query(
          `BEGIN; UPDATE accounts SET amount = amount - 5 WHERE id = ${id}; UPDATE zz_savings SET amount = amount + 5 WHERE id = ${id}; INSERT INTO transfers (amount) VALUES (5); COMMIT`,
        );
      });
    const manifests: Manifest[] = [];
    {
      await using first = await transferring(0);
      await using second = await transferring(1);
      await using third = await transferring(2);
      for (let round = 0; round < 3; round += 1) {
        manifests.push(await session.backup.backup(freshPath()));
        for (const others of [first, second, third]) await others.round();
      }
    }
    for (const manifest of manifests) {
      expect(await session.backup.othersWrote(manifest)).toBe(true);
      await session.backup.restore(manifest, nothing);
      const count = rowsOf(manifest, 'transfers') ?? 0;
      const [row] = await place.database.query(
        'INSERT INTO transfers (amount) VALUES (6)',
        'SELECT (SELECT SUM(amount) FROM accounts) AS held, (SELECT SUM(amount) FROM zz_savings) AS saved, (SELECT COUNT(*) FROM transfers) AS transfers, (SELECT COALESCE(MAX(id), 0) FROM transfers WHERE amount = 5) < (SELECT id FROM transfers WHERE amount = 6) AS ahead',
      );
      const [held, saved] = [2_000_000 - 5 * count, 2_000_000 + 5 * count];
      expect(row).toEqual({ held: `${held}`, saved: `${saved}`, transfers: `${count + 1}`, ahead: '1' });
    }
  });

  test('F85 a schema that changes is read again, or the backup is refused', patient, async () => {
    await using place = await open();
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
    await using place = await open();
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
      for (let round = 0; round < 5; round += 1) manifests.push(await session.backup.backup(freshPath()));
    }
    const differences = manifests.map((made) => (rowsOf(made, 'a_first') ?? 0) - (rowsOf(made, 'z_last') ?? 0));
    expect(differences.filter((difference) => difference !== 0 && difference !== 1)).toEqual([]);
  });

  test('F91 writes of others are seen; our own are not, and neither are sessions that only look', patient, async () => {
    await using place = await open();
    const { session, manifest } = await shop(place);
    await runScript(session, "INSERT INTO tags VALUES ('ours'); ALTER TABLE users ADD COLUMN x int;");
    expect(await session.backup.othersWrote(manifest)).toBe(false);
    await runScript(session, "UPDATE tags SET tag = 'x'; ALTER TABLE users DROP COLUMN x;");
    await place.database.query('SELECT count(*) FROM users', 'SHOW TABLES');
    expect(await session.backup.othersWrote(manifest)).toBe(false);
    await place.database.query('DELETE FROM users WHERE id = 7');
    expect(await session.backup.othersWrote(manifest)).toBe(true);
    expect(await (await place.open()).backup.othersWrote(manifest)).toBe(true);
  });

  test('F91 what a transaction wrote that was open when the backup began is seen', patient, async () => {
    await using place = await open();
    const session = await prepared(place, ...SHOP);
    const other = await connectionTo(place);
    await other.query("BEGIN; INSERT INTO tags VALUES ('late')");
    const manifest = await session.backup.backup(freshPath());
    await other.query('COMMIT');
    await other.end();
    expect(await session.backup.othersWrote(manifest)).toBe(true);
  });

  test('F91 what others write elsewhere is no reason where everything is as it was', patient, async () => {
    await using place = await open();
    await using elsewhere = await open();
    const { session, manifest } = await shop(place);
    await elsewhere.database.query(...SHOP);
    await runScript(session, 'CREATE TABLE ours (x int);');
    expect(await session.backup.othersWrote(manifest)).toBe(false);
    await runScript(session, "UPDATE tags SET tag = 'ours';");
    expect(await session.backup.othersWrote(manifest)).toBe(true);
  });

  test('F91 what others write while the restore is being prepared blocks it', patient, async () => {
    await using place = await open();
    const { session, manifest } = await shop(place);
    expect(await session.backup.othersWrote(manifest)).toBe(false);
    await place.database.query("INSERT INTO tags VALUES ('late')");
    expect(await failureOf(session.backup.restore(manifest, nothing))).toMatchObject({ code: 'RESTORE_BLOCKED' });
    expect(await place.database.query("SELECT COUNT(*) AS n FROM tags WHERE tag = 'late'")).toEqual([{ n: '1' }]);
  });

  test('a restore that cannot get its locks changes nothing', patient, async () => {
    await using place = await open();
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
