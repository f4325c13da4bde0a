import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { expect, test } from 'vitest';
import { sqlite } from './index.ts';

const quiet = (): void => undefined;
const LOOKING = {
  table: 'schema_version',
  schema: null,
  readOnly: true,
  connectTimeoutMs: 1_000,
  lockTimeoutMs: 1_000,
  statementTimeoutMs: 0,
  logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
};

test('F27 what a process that died in the middle of a write left is rolled back by who only looks', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'detent-hot-'));
  try {
    const [live, dead] = [join(folder, 'live.db'), join(folder, 'dead.db')];
    const writer = new DatabaseSync(live);
    writer.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1); PRAGMA cache_size = 1; BEGIN');
    writer.exec(
      'INSERT INTO t SELECT randomblob(4000) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT i FROM n)',
    );
    for (const end of ['', '-journal']) copyFileSync(live + end, dead + end);
    writer.close();
    await using executor = new MigrationScriptExecutor({
      adapter: sqlite({ url: dead }),
      migrations: fromModules({ 'V1_a.sql': 'CREATE TABLE a (x);' }),
    });
    const session = await sqlite({ url: dead }).open(LOOKING);
    expect(await session.backup.sums()).toMatchObject([{ name: 't', rows: 1 }]);
    await session.close();
    expect((await executor.migrate()).errors).toEqual([]);
    const reader = new DatabaseSync(dead);
    expect(reader.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 1 });
    reader.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
