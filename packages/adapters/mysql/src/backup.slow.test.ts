import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DetentError } from '@detent/core';
import { afterEach, describe, expect, test } from 'vitest';
import { exactRows } from './fixtures/exact.ts';
import { schema, values } from './fixtures/fidelity.ts';
import { failureOf, runScript, take } from './fixtures/playground.ts';
import { roundTrip, kept } from './fixtures/round-trip.ts';
import {
  connectionTo,
  freshFolder,
  freshPath,
  nothing,
  prepared,
  productsFor,
  removeFolders,
  shop,
  SHOP,
} from './fixtures/shop.ts';
import { addZones, ZONES } from './fixtures/zones.ts';

const patient = { timeout: 120_000 };

/** Of the server and of the connection that was handed in. */
const MODES = [
  { mode: 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES', zone: '+13:00' },
  { mode: 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,PAD_CHAR_TO_FULL_LENGTH', zone: '-12:00' },
  { mode: 'HIGH_NOT_PRECEDENCE,IGNORE_SPACE,NO_AUTO_VALUE_ON_ZERO,REAL_AS_FLOAT', zone: 'SYSTEM' },
] as const;

const MIXED = [
  "SET SESSION sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', SESSION time_zone = '-03:30'",
  "CREATE TABLE mixed (id int AUTO_INCREMENT PRIMARY KEY, d date DEFAULT '0000-00-00', ts timestamp(6) NULL, c char(5), v varchar(50) DEFAULT 'it''s \\\\ a \"default\"', r real, f float)",
  "INSERT INTO mixed VALUES (0, '0000-00-00', '2001-02-03 04:05:06.000001', 'ab ', 'c:\\\\''\"', 0.1, 0.1), (7, '2024-02-31', NULL, '', '', -0.0, 3e38)",
  "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
  `CREATE VIEW v AS SELECT "id" || 'x\\' AS "a b" FROM "mixed"`,
  `CREATE TRIGGER g BEFORE UPDATE ON mixed FOR EACH ROW SET NEW.v = 'y\\' || "NEW"."v"`,
  "SET SESSION sql_mode = ''",
  'CREATE PROCEDURE p() SELECT \'z\\\\\', "w"',
];
const MIXED_CHANGES =
  "SET sql_mode = ''; DROP VIEW v; DROP TRIGGER g; DROP PROCEDURE p; UPDATE mixed SET d = NULL, c = NULL; ALTER TABLE mixed DROP COLUMN ts;";

afterEach(removeFolders);

describe.each(await productsFor('backup'))('$product', ({ product, open }) => {
  describe('what it keeps', () => {
    test(
      'F82 F84 every value of every type and everything that is written comes back, byte by byte',
      patient,
      async () => {
        await using place = await open();
        const session = await prepared(place, ...values(product), ...schema(product));
        const change = (): Promise<void> => runScript(session, CHANGES);
        const { before, objects, changed, after } = await roundTrip(place, session, change);
        expect(objects).toEqual(before.sums);
        expect(changed).not.toBe(before.fingerprint);
        expect(after).toEqual(before);
      },
    );

    test.each(ZONES)(
      'F82 times in the gap and in the doubled hour come back in a session in %s',
      patient,
      async (zone) => {
        await using place = await open();
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
        const manifest = await session.backup.backup(freshPath());
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

    test.each(MODES)('what is written under sql_mode $mode in $zone comes back', patient, async ({ mode, zone }) => {
      await using place = await open();
      const client = await connectionTo(place);
      await client.query(`SET GLOBAL sql_mode = '${mode}', GLOBAL time_zone = '${zone}'`);
      try {
        await client.query(
          `SET SESSION sql_mode = '${mode}', SESSION time_zone = '${zone}', SESSION character_set_client = latin1`,
        );
        await place.database.query(...MIXED);
        const before = await exactRows(place.database, kept);
        for (const options of [{ url: place.database.url }, { connection: client }]) {
          const session = await place.open(options);
          await take(session);
          await session.history.init();
          const fingerprint = await session.fingerprint();
          const manifest = await session.backup.backup(freshPath());
          await runScript(session, MIXED_CHANGES);
          await session.backup.restore(manifest, nothing);
          expect(await session.fingerprint()).toBe(fingerprint);
          expect(await exactRows(place.database, (table) => !table.startsWith('schema_version'))).toEqual(before);
          await session.close();
        }
        const [[settings]] = (await client.query(
          'SELECT @@session.sql_mode AS mode, @@session.time_zone AS zone',
        )) as unknown as [{ mode: string; zone: string }[]];
        expect(settings?.zone).toBe(zone);
        expect(mode.split(',').filter((part) => settings?.mode.includes(part) !== true)).toEqual([]);
      } finally {
        await client.query("SET GLOBAL sql_mode = DEFAULT, GLOBAL time_zone = '+01:00'");
        await client.end();
      }
    });

    test('programs keep whom they belong to, and rights stay', patient, async () => {
      await using place = await open();
      const { name } = place.database;
      const other = `'${name}'@'localhost'`;
      const programs = await prepared(
        place,
        'CREATE TABLE t (id int PRIMARY KEY)',
        `CREATE USER ${other} IDENTIFIED BY 'geheim'`,
        `GRANT ALL ON \`${name}\`.* TO ${other}`,
        `GRANT SELECT (id) ON t TO ${other}`,
        `CREATE DEFINER = ${other} VIEW v AS SELECT id FROM t`,
        `CREATE DEFINER = ${other} TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.id = NEW.id + 1`,
        `CREATE DEFINER = ${other} PROCEDURE p() SQL SECURITY INVOKER SELECT 1`,
        `CREATE DEFINER = ${other} EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t`,
      );
      const rights = (): Promise<unknown> => place.database.query(`SHOW GRANTS FOR ${other}`);
      const before = [await programs.fingerprint(), await rights()];
      const manifest = await programs.backup.backup(freshPath());
      await runScript(
        programs,
        'DROP TRIGGER g; DROP PROCEDURE p; ALTER TABLE t ADD x int; DROP VIEW v; DROP EVENT e;',
      );
      await programs.backup.restore(manifest, nothing);
      expect([await programs.fingerprint(), await rights()]).toEqual(before);
      await place.database.query(`DROP USER ${other}`);
    });

    test('foreign keys lead to the right tables afterwards, both ways and in a circle', patient, async () => {
      await using place = await open();
      const session = await prepared(
        place,
        'SET foreign_key_checks = 0',
        'CREATE TABLE a (id int PRIMARY KEY, b int, me int, FOREIGN KEY (b) REFERENCES b (id), CONSTRAINT self FOREIGN KEY (me) REFERENCES a (id))',
        'CREATE TABLE b (id int PRIMARY KEY, a int, CONSTRAINT circle FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE)',
        'INSERT INTO a VALUES (1, 1, 1)',
        'INSERT INTO b VALUES (1, 1)',
      );
      const manifest = await session.backup.backup(freshPath());
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
      await using place = await open();
      // MySQL has none of them.
      const chance = product === 'MariaDB' ? 'RAND()' : 'a * 2';
      const session = await prepared(
        place,
        `CREATE TABLE momentary (a int PRIMARY KEY, chance double AS (${chance}) VIRTUAL, kept int AS (a + 1) STORED)`,
        'INSERT INTO momentary (a) VALUES (1), (2)',
      );
      const manifest = await session.backup.backup(freshPath());
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
      await using place = await open();
      const session = await prepared(
        place,
        'CREATE TABLE large (id int PRIMARY KEY, a longblob, b longtext)',
        "INSERT INTO large VALUES (1, REPEAT(X'00FF5C27', 1500000), REPEAT('é\\\\''', 1500000)), (2, 'x', 'y')",
      );
      const before = await place.database.query('SELECT id, SHA2(a, 256) AS a, SHA2(b, 256) AS b FROM large');
      const manifest = await session.backup.backup(freshPath());
      await runScript(session, 'DELETE FROM large;');
      await session.backup.restore(manifest, nothing);
      expect(await place.database.query('SELECT id, SHA2(a, 256) AS a, SHA2(b, 256) AS b FROM large')).toEqual(before);
    });
  });

  describe('what goes wrong', () => {
    test('F06 the lease outlives the restore of an older backup', patient, async () => {
      await using place = await open();
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
      await using place = await open();
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

    test(
      'what the server would refuse today is found when the backup is made, or allowed for it',
      patient,
      async () => {
        await using place = await open();
        // Of MySQL it can be asked to look away; the other says nothing until a table is made.
        const setting = product === 'MariaDB' ? 'innodb_force_primary_key' : 'sql_require_primary_key';
        const session = await prepared(place, ...SHOP);
        const at = freshFolder();
        await place.database.query(`SET GLOBAL ${setting} = 1`);
        try {
          const outcome = await session.backup
            .backup(join(at, 'b'))
            .then((made) => session.backup.restore(made, nothing))
            .then(
              () => 'restored',
              (thrown: unknown) => (thrown as DetentError).code,
            );
          const wanted = { MariaDB: ['BACKUP_FAILED', []], MySQL: ['restored', ['b', 'b.json']] };
          expect([outcome, readdirSync(at)]).toEqual(wanted[product]);
        } finally {
          await place.database.query(`SET GLOBAL ${setting} = 0`);
        }
        const left = await place.database.query(`SHOW DATABASES LIKE '${place.database.name}%'`);
        expect(left).toHaveLength(1);
      },
    );

    test('a lock that was lost leaves the database as it was', patient, async () => {
      await using place = await open();
      const { session, manifest } = await shop(place);
      await runScript(session, 'CREATE TABLE kept (x int);');
      await (await place.open()).lock.break({ fence: false });
      expect(await failureOf(session.backup.restore(manifest, nothing))).toMatchObject({ code: 'LOCK_LOST' });
      expect(await place.database.query('SELECT COUNT(*) AS n FROM kept')).toEqual([{ n: '0' }]);
    });

    test('what cannot be kept or put back is named in the plan, with the reason', patient, async () => {
      await using place = await open();
      await using elsewhere = await open();
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
      await using place = await open();
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
      const manifest = await stronger.backup.backup(freshPath());
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
