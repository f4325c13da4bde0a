import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { figure, sized } from '@detent/tests/size';
import { expect, test } from 'vitest';
import { openPlace } from './fixtures/places.ts';
import { mysql, type MysqlConnection } from './index.ts';

const MIGRATIONS = fromModules({
  'V1_t.sql': 'CREATE TABLE t (id int PRIMARY KEY, n int);',
  'V2_rows.sql': 'INSERT INTO t VALUES (1, 1);',
});

test(
  'a run that is told to stop at any moment ends, and says of its work what is so',
  { timeout: 900_000 },
  async () => {
    await using place = await openPlace();
    const ends = new Map<string, number>();
    for (let round = 0; round < sized(150, 10_000); round += 1) {
      await place.database.query('DROP TABLE IF EXISTS t, schema_version, schema_version_event, schema_version_lock');
      const stop = new AbortController();
      await using executor = new MigrationScriptExecutor<MysqlConnection>({
        adapter: mysql({ url: place.database.url }),
        migrations: MIGRATIONS,
      });
      executor.on('step-started', ({ step }) => {
        if (step.version === '2') setTimeout(() => stop.abort(), Math.random() * 2);
      });
      const { executed, errors } = await executor.migrate({ signal: stop.signal });
      const [row] = await place.database.query('SELECT COUNT(*) AS n FROM t');
      const end = `${executed.length} ${errors.map(({ code }) => code).join()} ${row?.['n']}`;
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    figure(`told to stop: ${JSON.stringify(Object.fromEntries(ends))}`);
    const right = ['2  1', '1 CANCELLED 0', '1 CONNECTION 0', '2 CANCELLED 1'];
    expect([...ends.keys()].filter((end) => !right.includes(end))).toEqual([]);
  },
);
