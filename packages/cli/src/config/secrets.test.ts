import { expect, test } from 'vitest';
import { holdsSecret, maskUrl } from './secrets.ts';

test.each([
  ['postgres://u:s3cr3t@host/shop', 'postgres://u:***@host/shop'],
  ['postgres://u:p@ss:w@host:5432/shop', 'postgres://u:***@host:5432/shop'],
  ['postgres://u@host/shop', 'postgres://u@host/shop'],
  ['mysql://:s3cr3t@host/shop', 'mysql://:***@host/shop'],
  ['mongodb+srv://u:s3cr3t@host/shop?authSource=admin', 'mongodb+srv://u:***@host/shop?***'],
  ['postgres://host/shop?password=s3cr3t', 'postgres://host/shop?***'],
  ['sqlite:app.db', 'sqlite:app.db'],
])('%s is shown as %s', (url, shown) => {
  expect(maskUrl(url)).toBe(shown);
  expect(holdsSecret(url)).toBe(url !== shown);
});
