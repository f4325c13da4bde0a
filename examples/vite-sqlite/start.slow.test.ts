import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { quietPort, startExample } from '@detent/tests/hosts/example';
import { chromium } from '@detent/tests/servers/chromium';

const folder = mkdtempSync(join(tmpdir(), 'detent-example-vite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  'the dev server starts with one command, and the page shows what the migrations made',
  { timeout: 60_000 },
  async () => {
    const port = await quietPort();
    const args = ['--host', '127.0.0.1', '--port', String(port), '--strictPort'];
    await using example = startExample(import.meta.dirname, 'start', { DATABASE_FILE: join(folder, 'dev.db') }, args);
    const url = `http://127.0.0.1:${port}/`;
    expect(await example.json(`${url}api/notes`)).toEqual([{ body: 'Here before the first request.' }]);
    const executablePath = await chromium();
    if (executablePath === null) return;
    const browser = await playwright.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      await page.goto(url);
      await page.locator('#notes li').first().waitFor();
      expect(await page.locator('#notes li').allInnerTexts()).toEqual(['Here before the first request.']);
    } finally {
      await browser.close();
    }
  },
);

test('production starts with one command too, and carries its migrations', { timeout: 60_000 }, async () => {
  const port = await quietPort();
  const copy = join(folder, 'copy');
  const variables = { DATABASE_FILE: join(folder, 'production.db'), PORT: String(port) };
  {
    await using example = startExample(import.meta.dirname, 'production', variables);
    expect(await example.json(`http://127.0.0.1:${port}/api/notes`)).toHaveLength(1);
  }
  cpSync(join(import.meta.dirname, 'dist'), copy, { recursive: true });
  await using alone = startExample(copy, 'node server.js', { ...variables, DATABASE_FILE: join(folder, 'alone.db') });
  expect(await alone.json(`http://127.0.0.1:${port}/api/notes`)).toHaveLength(1);
});
