import { expect, test } from 'vitest';
import { checkOptions } from './options.ts';

const url = 'mysql://user:geheim@localhost/app';

test('backups are copies unless told', () => {
  expect(checkOptions({ url }).backup).toBe('copy');
  expect(checkOptions({ url, backup: 'dump', tls: { ca: 'PEM', key: Buffer.from('PEM'), cert: ['PEM'] } }).backup).toBe(
    'dump',
  );
});

test.each([
  [{ url, backup: 'dumb' }, /backup cannot be "dumb".*dump/],
  [{ url, backup: true }, /backup cannot be a boolean/],
  [{ pool: { getConnection: () => undefined }, backup: 'dump' }, /opens a connection of its own/],
  [{ connection: { query: () => undefined, end: () => undefined }, backup: 'dump' }, /opens a connection of its own/],
  [{ url, backup: 'dump', tls: { pfx: 'x' } }, /cannot pass tls\.pfx on/],
  [{ url, backup: 'dump', tls: { key: [{ pem: 'x', passphrase: 'y' }] } }, /cannot pass tls\.key on/],
])('%# what a program cannot be told is refused at once', (options, message) => {
  let failure: unknown = null;
  try {
    checkOptions(options);
  } catch (error) {
    failure = error;
  }
  expect(failure).toMatchObject({ code: 'CONFIG', message: expect.stringMatching(message) as string });
  expect((failure as { hint: string }).hint).toMatch(/\S/u);
});
