import { expect, test } from 'vitest';
import { entry, file, repeatable, scan } from '../../test/samples.ts';
import type { Settings } from '../config.ts';
import type { HistoryRow } from '../ports/history.ts';
import { statusOf } from './status.ts';

const settings = { adapter: { target: 'shop.db' } as Settings['adapter'], onAhead: 'warn', onMissing: 'warn' } as const;
const LOOKED = { holder: null, rows: [] };
const words = (of: Parameters<typeof statusOf>[0]): Record<string, string> =>
  Object.fromEntries(statusOf(of, settings, LOOKED).migrations.map(({ id, status }) => [id, status]));

test('each migration is what files and history make it', () => {
  const state = scan(
    [file('1'), file('2', 'edited'), file('3'), file('4'), file('5'), repeatable('v', 'new')],
    [
      entry(file('1')),
      entry(file('2')),
      entry(file('3'), 'rolled_back'),
      entry(file('4'), 'failed'),
      entry(repeatable('v', 'old')),
      entry(file('7')),
      entry(file('8'), 'rolled_back'),
    ],
  );
  expect(words(state)).toEqual({
    '1': 'applied',
    '2': 'edited',
    '3': 'pending',
    '4': 'failed',
    '5': 'pending',
    '7': 'missing',
    R__v: 'pending',
  });
});

test('what a baseline covers is ignored', () => {
  expect(words(scan([file('1'), file('2'), file('3')], [entry(file('2'), 'baseline')]))).toEqual({
    '1': 'ignored',
    '2': 'baseline',
    '3': 'pending',
  });
});

test('the version is the highest that is applied', () => {
  const state = scan([file('9'), file('10')], [entry(file('10'), 'applied', 1), entry(file('9'), 'applied', 2)]);
  expect(statusOf(state, settings, LOOKED)).toMatchObject({
    version: '10',
    counts: { applied: 2, pending: 0, other: 0 },
  });
});

test('what did not end says where it stopped, and why', () => {
  const state = scan([file('1'), file('2')], [entry(file('1')), entry(file('2'), 'failed', 2)]);
  const row = { id: '2', statementsDone: 2, statementsTotal: 4, error: 'Refused.' } as HistoryRow;
  expect(statusOf(state, settings, { holder: null, rows: [row] }).migrations).toMatchObject([
    { id: '1', stopped: null },
    { id: '2', stopped: { done: 2, total: 4, error: 'Refused.' } },
  ]);
});
