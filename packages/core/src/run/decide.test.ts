import { expect, test } from 'vitest';
import type { Intent } from '../ports/history.ts';
import { decide } from './decide.ts';

const intent = (kind: Intent['kind'], idempotent = false): Intent => ({
  statement: 0,
  hash: 'h',
  direction: 'up',
  kind,
  fingerprint: 'before',
  idempotent,
});

test('F26 without an intent the count of done statements is the truth', () => {
  expect(decide({ intent: null }, false).kind).toBe('again');
});

test('F27 a schema that changed shows that the statement ran', () => {
  expect(decide({ intent: intent('ddl') }, true).kind).toBe('again');
  expect(decide({ intent: intent('ddl') }, false).kind).toBe('next');
});

test('rows and code leave no trace, so nobody can know', () => {
  expect(decide({ intent: intent('data') }, true).kind).toBe('unknown');
  expect(decide({ intent: intent('code') }, true).kind).toBe('unknown');
});

test('what says that it is idempotent runs again', () => {
  expect(decide({ intent: intent('code', true) }, true).kind).toBe('again');
  expect(decide({ intent: intent('data', true) }, true).kind).toBe('again');
});
