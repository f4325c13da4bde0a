import { expect, test } from 'vitest';
import type { MigrationStatus } from '../plan/status.ts';
import { drawing } from './drawing.ts';
import { statusTable } from './tables.ts';

const migration: MigrationStatus = {
  id: '7',
  version: '7',
  name: 'add_prices',
  kind: 'versioned',
  file: 'V7_add_prices.sql',
  status: 'failed',
  appliedAt: null,
  stopped: { done: 0, total: 1, error: 'It was refused.' },
};

function linesOf(migrations: readonly MigrationStatus[]): readonly string[] {
  const status = { target: 'sqlite:app.db', version: null, holder: null, problems: [], warnings: [] };
  const counts = { applied: 0, pending: 0, other: migrations.length };
  return statusTable(drawing(), { ...status, migrations, counts })
    .split('\n')
    .map((line) => line.trim());
}

test('what stopped says how far it came, why, and what settles it', () => {
  expect(linesOf([migration])).toEqual(expect.arrayContaining(['0 of 1 statement stands', 'It was refused.']));
  expect(linesOf([{ ...migration, stopped: { done: 2, total: 5, error: null } }])).toContain('2 of 5 statements stand');
  expect(linesOf([{ ...migration, status: 'rolling_back', stopped: { done: 1, total: 1, error: null } }])).toContain(
    '1 of 1 statement is undone',
  );
  expect(linesOf([{ ...migration, status: 'unknown', stopped: { done: 1, total: null, error: null } }])).toContain(
    'detent resolve 7 --as applied',
  );
});
