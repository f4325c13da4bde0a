import { expect, test } from 'vitest';
import type { Effect, Statement } from '../ports/script.ts';
import { undoneBefore } from './matching.ts';

const SIGNS: Readonly<Record<string, Effect['change']>> = { '+': 'makes', '-': 'takes away', '~': 'alters' };

/** `+a`, `-a/rows`, `~a/rows`; `?` for what cannot be told and `set` for a setting. */
function statement(text: string): Statement {
  const change = SIGNS[text[0] ?? ''];
  const effect = change === undefined ? null : { change, on: text.slice(1).split('/') };
  const kind = text === 'set' ? 'session' : 'ddl';
  return { text, line: 1, column: 1, kind, transactional: true, destroys: null, leaves: null, effect };
}

function skipped(up: string, done: number, down: string): number | null {
  const [ups, downs] = [up, down].map((words) => words.split(' ').map(statement));
  return undoneBefore(ups ?? [], done, downs ?? []);
}

test('what was not done is not undone', () => {
  expect(skipped('+a +b ~c', 2, '~c -b -a')).toBe(1);
  expect(skipped('+a +b ~c', 1, '~c -b -a')).toBe(2);
  expect(skipped('+a +b ~c', 3, '~c -b -a')).toBe(0);
});

test('nothing done needs nothing undone', () => {
  expect(skipped('set +a', 1, '-a')).toBe(1);
});

test('what is in a table that was made goes with it', () => {
  expect(skipped('+a +a/rows +a/i +b', 3, '-b -a')).toBe(1);
});

test('settings stand wherever they are', () => {
  expect(skipped('set +a set +b', 2, 'set -b set -a set')).toBe(3);
});

test('a way back that is not written statement for statement runs as a whole', () => {
  expect(skipped('+a +b +c', 2, '-a -b -c')).toBeNull();
  expect(skipped('+a ? +c', 2, '-c -b -a')).toBeNull();
  expect(skipped('+a +b +c', 2, '-b')).toBeNull();
});

test('two statements on the same thing cannot be told apart', () => {
  expect(skipped('+a/rows +b +a/rows', 1, '-a/rows -b -a/rows')).toBeNull();
});
