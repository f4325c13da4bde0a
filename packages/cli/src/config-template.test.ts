import { expect, test } from 'vitest';
import { configText } from './config-template.ts';

const textFor = (adapter: string, url: string, typed = true): string =>
  configText({ adapter, url, typed, migrations: 'migrations', rollback: 'none' });

test.each([
  ['sqlite', 'sqlite:app.db', 'sqlite:app.db'],
  ['postgres', 'postgres://u:s3cr3t@localhost/shop?sslpassword=s3cr3t', 'postgres://u@localhost/shop'],
  ['mysql', 'mysql://u:s3cr3t@localhost/shop', 'mysql://u@localhost/shop'],
  ['mongo', 'mongodb://u:s3cr3t@a:1,b:2/shop', 'mongodb://u@a:1,b:2/shop'],
])('a configuration for %s loads without the variable, and holds no secret', (name, url, written) => {
  const text = textFor(name, url);
  expect(text).toContain(`adapter: ${name}({ url: process.env['DATABASE_URL'] ?? '${written}' }),`);
  expect(text).not.toContain('s3cr3t');
});

test('where the adapter is not installed, the URL is in the file, or in the variable', () => {
  expect(textFor('sqlite', 'sqlite:app.db', false)).toContain("url: 'sqlite:app.db',");
  const text = textFor('mysql', 'mysql://u:s3cr3t@localhost/shop', false);
  expect(text).toContain('// The database is named by the variable DATABASE_URL.');
  expect(text).not.toContain('url:');
});
