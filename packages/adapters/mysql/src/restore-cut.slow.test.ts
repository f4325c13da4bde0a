import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import type { MysqlDatabase } from '@detent/tests/servers/mysql-common';
import { startProxy, type CutMode } from '@detent/tests/servers/proxy';
import { describe, expect, test } from 'vitest';
import { exactRows } from './fixtures/exact.ts';
import { playgrounds } from './fixtures/playground.ts';
import { mysql, type MysqlConnection } from './index.ts';

/** Every how many messages the process "dies". */
const STEP = process.env['DETENT_TEST_LONG'] === '1' ? 1 : 9;
const MODES: readonly CutMode[] = ['before', 'half', 'after'];

const FIRST = `
CREATE TABLE parent (id int AUTO_INCREMENT PRIMARY KEY, v varchar(20));
CREATE TABLE child (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES parent (id));
CREATE TABLE log (what varchar(50)) ENGINE = MyISAM;
CREATE VIEW both_of AS SELECT c.id, p.v FROM child c JOIN parent p ON p.id = c.parent;
CREATE TRIGGER noted AFTER INSERT ON child FOR EACH ROW INSERT INTO log VALUES ('child');
CREATE PROCEDURE proc() SELECT 1;
INSERT INTO parent (v) VALUES ('a'), ('b');
INSERT INTO child VALUES (1, 1), (2, 2);
`;
const CHANGES: readonly string[] = [
  'DROP TRIGGER noted',
  'DROP VIEW both_of',
  'CREATE VIEW other AS SELECT 1 AS x',
  'CREATE TABLE since (id int)',
  'ALTER TABLE child ADD COLUMN more int',
  "INSERT INTO parent (v) VALUES ('c')",
  'DROP PROCEDURE proc',
];
const UNDO: readonly string[] = ['DROP VIEW IF EXISTS other'];

/** Everything of the user's, as one text. */
async function digest(database: MysqlDatabase): Promise<string> {
  const { name } = database;
  const rows = await exactRows(database, (table) => !table.startsWith('schema_version'));
  const objects = await database.query(
    `SELECT TABLE_TYPE AS k, TABLE_NAME AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${name}' UNION ALL ` +
      `SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '${name}' UNION ALL ` +
      `SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '${name}' UNION ALL ` +
      `SELECT 'KEY', CONCAT(CONSTRAINT_NAME, ' ', REFERENCED_TABLE_SCHEMA, '.', REFERENCED_TABLE_NAME) FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = '${name}' AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY 1, 2`,
  );
  return JSON.stringify([rows, objects]);
}

const made = { MariaDB: await playgrounds('MariaDB', 'cut'), MySQL: await playgrounds('MySQL', 'cut') };
/** A MySQL that cannot be had is told at the end of the run. */
const HERE = (['MariaDB', 'MySQL'] as const).filter((product) => made[product] !== null);

describe.each(HERE)('%s', (product) => {
  const open = made[product];

  test(
    'a restore that is cut off at any message leaves the state before it, or the next start finishes it',
    { timeout: 1_800_000 },
    async () => {
      if (open === null) return;
      await using place = await open();
      const { database } = place;
      const folder = mkdtempSync(join(tmpdir(), 'detent-cut-'));
      const path = join(folder, 'b');
      const executorAt = (url: string): MigrationScriptExecutor<MysqlConnection> =>
        new MigrationScriptExecutor({ adapter: mysql({ url }), migrations: fromModules({ 'V1_first.sql': FIRST }) });
      const run = async <T>(
        url: string,
        work: (executor: MigrationScriptExecutor<MysqlConnection>) => Promise<T>,
      ): Promise<T> => {
        const executor = executorAt(url);
        try {
          return await work(executor);
        } finally {
          await executor.close();
        }
      };
      expect((await run(database.url, (executor) => executor.migrate())).errors).toEqual([]);
      expect((await run(database.url, (executor) => executor.backup({ path }))).errors).toEqual([]);
      const after = await digest(database);
      await database.query(...CHANGES);
      const before = await digest(database);

      let messages: number;
      {
        await using proxy = await startProxy(database.url);
        expect((await run(proxy.url, (executor) => executor.restore({ path }))).errors).toEqual([]);
        messages = proxy.messages;
      }
      expect(await digest(database)).toBe(after);
      await database.query(...CHANGES);

      const seen = { before: 0, after: 0 };
      const neither: string[] = [];
      for (let at = 1; at <= messages; at += STEP) {
        const mode = MODES[Math.floor(at / STEP) % MODES.length] ?? 'before';
        {
          await using proxy = await startProxy(database.url, { cut: { at, mode, forGood: true, all: true } });
          await run(proxy.url, (executor) => executor.restore({ path })).catch(() => undefined);
        }
        const next = await run(database.url, (executor) => executor.migrate());
        const found = await digest(database);
        const states = await database.query("SELECT state FROM schema_version WHERE state <> 'applied'");
        if (!next.success || states.length > 0 || (found !== before && found !== after))
          neither.push(
            `${at} ${mode}: ${JSON.stringify([next.errors.map(({ code, message }) => [code, message]), states, found])}`,
          );
        seen[found === after ? 'after' : 'before'] += 1;
        if (found !== before) await database.query(...UNDO, ...CHANGES);
      }
      rmSync(folder, { recursive: true, force: true });
      expect(neither).toEqual([]);
      expect(seen.before).toBeGreaterThan(0);
      expect(seen.after).toBeGreaterThan(0);
    },
  );
});
