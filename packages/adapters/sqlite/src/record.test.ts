import { DatabaseSync } from 'node:sqlite';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { expect, test } from 'vitest';
import { DRIVERS, Playground } from './harness.ts';
import { sqlite } from './index.ts';

test.each(DRIVERS)('a migration whose record is refused leaves nothing: %s', async (driver) => {
  await using place = new Playground();
  const executorOn = (files: Readonly<Record<string, string>>): MigrationScriptExecutor =>
    new MigrationScriptExecutor({ adapter: sqlite({ url: place.file, driver }), migrations: fromModules(files) });
  const before = { 'V1_t.sql': 'CREATE TABLE t (x int);' };
  const first = executorOn(before);
  await first.migrate();
  await first.close();
  const other = new DatabaseSync(place.file);
  other.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON schema_version_event WHEN NEW.id = '2' AND NEW.action = 'applied' BEGIN SELECT RAISE(ABORT, 'no'); END",
  );
  other.close();
  const second = executorOn({ ...before, 'V2_rows.sql': 'INSERT INTO t VALUES (1);' });
  expect((await second.migrate()).failed?.id).toBe('2');
  await second.close();
  const reader = new DatabaseSync(place.file);
  expect(reader.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 });
  expect(reader.prepare("SELECT state FROM schema_version WHERE id = '2'").get()).toEqual({ state: 'failed' });
  reader.close();
});
