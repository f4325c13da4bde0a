import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Statement, StatementKind } from '../ports/script.ts';
import { cutSegments, isAtomic } from './segments.ts';

const statement = (kind: StatementKind, transactional: boolean): Statement => ({
  text: kind,
  line: 1,
  column: 1,
  kind,
  transactional,
  destroys: null,
  leaves: null,
  effect: null,
});
const ddl = statement('ddl', true);
const vacuum = statement('ddl', false);

test('what can be in a transaction is in one', () => {
  expect(cutSegments([ddl, ddl, ddl], 'each')).toEqual([{ kind: 'transaction', from: 0, to: 3 }]);
});

test('a statement that cannot be in a transaction cuts the script', () => {
  expect(cutSegments([ddl, vacuum, ddl, ddl], 'each')).toEqual([
    { kind: 'transaction', from: 0, to: 1 },
    { kind: 'alone', from: 1, to: 2 },
    { kind: 'transaction', from: 2, to: 4 },
  ]);
});

test('without a transaction each statement shares one with its own progress', () => {
  expect(cutSegments([ddl, ddl], 'none').map(({ kind }) => kind)).toEqual(['transaction', 'transaction']);
});

test('a setting at the start of a script is inside its transaction', () => {
  const setting = statement('session', true);
  expect(isAtomic(cutSegments([setting, ddl], 'each'), 2)).toBe(true);
  expect(cutSegments([setting, ddl], 'none')[0]?.kind).toBe('alone');
});

test('statements that begin or end transactions are left alone', () => {
  expect(cutSegments([statement('transaction', true)], 'none')[0]?.kind).toBe('alone');
});

test('nothing, and one segment in a transaction, are atomic', () => {
  expect(isAtomic([], 0)).toBe(true);
  expect(isAtomic(cutSegments([ddl, ddl], 'each'), 2)).toBe(true);
  expect(isAtomic(cutSegments([vacuum], 'each'), 1)).toBe(false);
});

test('segments cover every statement once, in order', () => {
  const any = fc.constantFrom(
    ddl,
    vacuum,
    statement('data', true),
    statement('session', true),
    statement('transaction', true),
  );
  fc.assert(
    fc.property(fc.array(any), fc.constantFrom('each', 'none'), (statements, mode) => {
      const covered = cutSegments(statements, mode).flatMap(({ from, to }) =>
        Array.from({ length: to - from }, (_, index) => from + index),
      );
      expect(covered).toEqual(statements.map((_, index) => index));
    }),
  );
});
