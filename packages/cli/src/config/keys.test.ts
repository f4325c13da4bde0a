import { expect, test } from 'vitest';
import { KEYS, parseValue } from './keys.ts';

const key = (path: string) => KEYS.find((item) => item.path === path) ?? expect.fail(`there is no key ${path}`);

test.each([
  ['backup.folder', 'DETENT_BACKUP_FOLDER'],
  ['lock.onHeld', 'DETENT_LOCK_ON_HELD'],
  ['timeouts.connectMs', 'DETENT_TIMEOUTS_CONNECT_MS'],
  ['outOfOrder', 'DETENT_OUT_OF_ORDER'],
  ['migrations', 'DETENT_MIGRATIONS'],
])('%s is set by %s', (path, variable) => {
  expect(key(path).variable).toBe(variable);
});

test('no two settings share a variable', () => {
  expect(new Set(KEYS.map(({ variable }) => variable)).size).toBe(KEYS.length);
});

test.each([
  ['backup.keep', 'true', true],
  ['backup.keep', '0', false],
  ['timeouts.lockMs', '250', 250],
  ['rollback', 'both', 'both'],
  ['ignore', 'drafts, *.test.ts', ['drafts', '*.test.ts']],
])('%s=%s is read as %s', (path, text, value) => {
  expect(parseValue(key(path), text, 'X')).toEqual(value);
});

test.each([
  ['backup.keep', 'maybe'],
  ['timeouts.lockMs', '-1'],
  ['timeouts.lockMs', '1e3'],
  ['rollback', 'bakup'],
])('%s=%s is refused by the name of its variable', (path, text) => {
  expect(() => parseValue(key(path), text, key(path).variable)).toThrow(key(path).variable);
});
