import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import type { Row } from '@detent/tests/crash/subjects';
import { describe, expect, test } from 'vitest';
import {
  crashMatrix,
  crashMatrixOfRows,
  naive,
  nightUnder,
  ROWS,
  target,
  TOGETHER_ROWS,
  widthOf,
} from './fixtures/crash-night.ts';
import { mysql } from './index.ts';

/** A few points of each row, the ways of cutting in turn; the long form takes all. */
const stepOf = (row: Row): number => ({ none: 211, down: 331, backup: 907, both: 907 })[row.strategy];

/** A run with a backup takes a second or two. */
const CHOSEN = ROWS.filter((row) => widthOf(row) > 1 || (row.strategy === 'both' && row.transaction === 'each'));

describe('a connection cut at a message', () => {
  test.each(CHOSEN)(
    'F27 F28 F30 F35 leaves nothing that the next run does not set right, with strategy $strategy and transaction $transaction',
    { timeout: 300_000 },
    async (row) => {
      const { deviations, points } = await crashMatrix(nightUnder(row), { step: stepOf(row), width: widthOf(row) });
      expect(deviations).toEqual([]);
      expect(points).toBeGreaterThan(0);
    },
  );

  test.each(TOGETHER_ROWS)(
    'F27 F28 F30 F35 leaves nothing wrong where only rows change, with strategy $strategy and transaction $transaction',
    { timeout: 300_000 },
    async (row) => {
      const { deviations, points } = await crashMatrixOfRows(row, { step: widthOf(row) > 1 ? 31 : 197 });
      expect(deviations).toEqual([]);
      expect(points).toBeGreaterThan(0);
    },
  );

  test('leaves a runner that executes and then records stuck, or wrong', { timeout: 120_000 }, async () => {
    const { deviations } = await crashMatrix(naive(), { step: 11 });
    expect(deviations.filter((flaw) => flaw.includes('stuck')).length).toBeGreaterThan(2);
    expect(deviations.filter((flaw) => flaw.includes('in place of')).length).toBeGreaterThan(2);
  });
});

test('a restore takes away a function that the trigger of a locked table calls', { timeout: 120_000 }, async () => {
  const database = await target.createDatabase();
  const cwd = mkdtempSync(join(tmpdir(), 'detent-restore-'));
  const migrations = fromModules([
    [
      'V1_a.sql',
      `CREATE TABLE t (n int);
       CREATE FUNCTION doubled(n int) RETURNS int DETERMINISTIC RETURN n * 2;
       CREATE TRIGGER twice BEFORE INSERT ON t FOR EACH ROW SET NEW.n = doubled(NEW.n);
       INSERT INTO nowhere VALUES (1);`,
    ],
  ]);
  const adapter = mysql({ url: database.url });
  const executor = new MigrationScriptExecutor({ adapter, migrations, rollback: 'backup', cwd });
  try {
    const { errors, rollback } = await executor.migrate();
    expect(errors.map(({ code }) => code)).toEqual(['STATEMENT_FAILED']);
    expect(rollback).toBe('complete');
  } finally {
    await executor.close();
    await database.drop();
    rmSync(cwd, { recursive: true, force: true });
  }
});
