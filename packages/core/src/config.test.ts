import { expect, test } from 'vitest';
import { checkOptions, type Options } from './config.ts';
import type { DetentError } from './errors.ts';
import type { DatabaseAdapter } from './ports/adapter.ts';

const adapter = { name: 'a', open() {}, parse() {} } as unknown as DatabaseAdapter;

function refusal(options: object): DetentError {
  try {
    checkOptions({ adapter, ...options });
  } catch (thrown) {
    return thrown as DetentError;
  }
  throw new Error('It was accepted.');
}

test('defaults fill what is not said, also inside of objects', () => {
  const settings = checkOptions({ adapter, lock: { onHeld: 'fail' }, backup: { keep: true } });
  expect(settings).toMatchObject({
    table: 'schema_version',
    rollback: 'none',
    lock: { onHeld: 'fail', waitMs: 600_000 },
    backup: { keep: true, mode: 'full' },
  });
});

test('undefined is the same as nothing', () => {
  expect(checkOptions({ adapter, rollback: undefined } as unknown as Options).rollback).toBe('none');
});

test.each([
  [{ rolback: 'both' }, 'rollback'],
  [{ lock: { waitMS: 5 } }, 'waitMs'],
  [{ rollback: 'botth' }, 'both'],
  [{ hooks: { beforeMigrat() {} } }, 'beforeMigrate'],
])('%j is refused with the nearest right word', (options, near) => {
  const error = refusal(options);
  expect(error.code).toBe('CONFIG');
  expect(`${error.message} ${error.hint}`).toContain(near);
});

test.each([
  [{ table: '' }],
  [{ table: 5 }],
  [{ migrations: 7 }],
  [{ backup: [] }],
  [{ backup: { keep: 'yes' } }],
  [{ lock: { waitMs: -1 } }],
  [{ lock: { waitMs: Number.NaN } }],
  [{ timeouts: 5 }],
  [{ placeholders: { a: 1 } }],
  [{ logger: {} }],
  [{ hooks: { beforeMigrate: 'x' } }],
  [{ adapter: 'x' }],
  [{ adapter: undefined }],
  [{ rollback: 'backup', backup: { mode: 'restore-only' } }],
  [{ username: '\0' }],
])('%j is refused', (options) => {
  expect(refusal(options).code).toBe('CONFIG');
});

test('F98 a value that may be a secret is never shown', () => {
  expect(refusal({ rollback: 'mongodb://root:s3cr3t@host/db' }).message).not.toContain('s3cr3t');
  expect(refusal({ adapter: 'mongodb://root:s3cr3t@host/db' }).message).not.toContain('s3cr3t');
});
