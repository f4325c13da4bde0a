import { expect, test } from 'vitest';
import type { Intent } from '../ports/history.ts';
import { decide as decideRow, type Verdict } from './decide.ts';

const intent = (kind: Intent['kind'], idempotent = false): Intent => ({
  statement: 0,
  hash: 'h',
  direction: 'up',
  kind,
  fingerprint: 'before',
  scope: null,
  after: null,
  idempotent,
});

const decide = (row: { readonly intent: Intent | null }, now: string): Verdict =>
  decideRow({ cursors: {}, ...row }, now);

test('F26 without an intent the count of done statements is the truth', () => {
  expect(decide({ intent: null }, 'any').kind).toBe('again');
});

test('F27 a schema that changed shows that the statement ran', () => {
  expect(decide({ intent: intent('ddl') }, 'before').kind).toBe('again');
  expect(decide({ intent: intent('ddl') }, 'after').kind).toBe('next');
});

test('F75 a statement of which only a part took effect is for a person to settle', () => {
  const known = { ...intent('ddl'), after: 'after' };
  expect(decide({ intent: known }, 'before').kind).toBe('again');
  expect(decide({ intent: known }, 'after').kind).toBe('next');
  expect(decide({ intent: known }, 'between').kind).toBe('unknown');
});

test('what the schema does not show nobody can know', () => {
  expect(decide({ intent: intent('unseen') }, '').kind).toBe('unknown');
  expect(decide({ intent: intent('unseen', true) }, '').kind).toBe('again');
});

test('F27 rows that are as they were show that the statement did not run, and others show nothing', () => {
  const traced: Intent = { ...intent('data'), scope: 'rows of t' };
  expect(decide({ intent: traced }, 'before').kind).toBe('again');
  expect(decide({ intent: traced }, 'after').kind).toBe('unknown');
});

test('rows and code leave no trace, so nobody can know', () => {
  expect(decide({ intent: intent('data') }, 'before').kind).toBe('unknown');
  expect(decide({ intent: intent('code') }, 'before').kind).toBe('unknown');
});

test('what says that it is idempotent runs again', () => {
  expect(decide({ intent: intent('code', true) }, 'before').kind).toBe('again');
  expect(decide({ intent: intent('data', true) }, 'before').kind).toBe('again');
});

test('batches go on where they stood, and are not said to run twice', () => {
  const row = { intent: intent('data', true), cursors: { people: { cursor: 'x', done: 3 } } };
  expect(decideRow(row, '')).toEqual({ kind: 'again', why: 'each batch is recorded together with its work' });
});
