import { join } from 'node:path';
import process from 'node:process';
import { chromium as playwright } from 'playwright-core';
import { expect, test } from 'vitest';
import { chromium } from '@detent/tests/servers/chromium';
import { application } from './fixtures/application.ts';

const CREATE =
  "CREATE TABLE items (id integer PRIMARY KEY, name text NOT NULL);\nINSERT INTO items (name) VALUES ('lamp');\n";
const BROKEN = '-- A price for each.\nALTER TABLE items ADD COLUMN price integer;\nUPDATE items SET prise = 10;\n';
const CHAIR =
  "-- detent:up\nINSERT INTO items (name) VALUES ('chair');\n-- detent:down\nDELETE FROM items WHERE name = 'chair';\n";
/** For people who want to look. */
const screenshots = process.env['DETENT_TEST_SCREENSHOTS'];

test.each(['vite', 'vite-7'] as const)(
  'in %s a migration that fails stands in the overlay until it is mended, one key applies an edited one again, and the page has its data',
  { timeout: 120_000 },
  async (vite) => {
    const executablePath = await chromium();
    if (executablePath === null) return;
    await using app = application({ 'migrations/V1_create_items.sql': CREATE, 'migrations/V2_add_price.sql': BROKEN });
    const { url, press } = await app.serve(vite);
    const browser = await playwright.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      const look = async (name: string): Promise<void> => {
        if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `${vite}-${name}.png`) });
      };
      const overlay = page.locator('vite-error-overlay');
      const items = page.locator('#items li');
      await page.goto(url);
      await overlay.waitFor();
      expect(await overlay.locator('.message').innerText()).toMatch(
        /no such column: prise[\s\S]*Did you mean "price"/u,
      );
      expect(await overlay.locator('.file').innerText()).toContain(join(app.root, 'migrations/V2_add_price.sql:3:18'));
      expect(await overlay.locator('.frame').innerText()).toBe(
        '1 | -- A price for each.\n2 | ALTER TABLE items ADD COLUMN price integer;\n3 | UPDATE items SET prise = 10;\n  |                  ^',
      );
      await look('1-fails');

      app.write({ 'migrations/V2_add_price.sql': BROKEN.replace('prise', 'price') });
      await overlay.waitFor({ state: 'detached' });
      await items.first().waitFor();
      expect(await items.allInnerTexts()).toEqual(['lamp']);
      await look('2-mended');

      app.write({ 'migrations/V3_add_a_chair.sql': CHAIR });
      await items.nth(1).waitFor();
      expect(await items.allInnerTexts()).toEqual(['lamp', 'chair']);

      app.write({ 'migrations/V3_add_a_chair.sql': CHAIR.replace("('chair')", "('chair'), ('stool')") });
      await overlay.waitFor();
      expect(await overlay.locator('.message').innerText()).toMatch(/was edited after it was applied[\s\S]*Press r/u);
      await look('3-edited');
      press('r');
      await overlay.waitFor({ state: 'detached' });
      await items.nth(2).waitFor();
      expect(await items.allInnerTexts()).toEqual(['lamp', 'chair', 'stool']);
    } finally {
      await browser.close();
    }
  },
);

test.each(['vite', 'vite-7'] as const)(
  'in %s the first page is not told of what happened before it: no second load, no failure that was mended',
  { timeout: 120_000 },
  async (vite) => {
    const executablePath = await chromium();
    if (executablePath === null) return;
    await using app = application({ 'migrations/V1_create_items.sql': CREATE, 'migrations/V2_add_price.sql': BROKEN });
    const { url } = await app.serve(vite);
    const names = async (): Promise<unknown> => (await fetch(`${url}api/items`)).json();
    expect(await names()).toEqual([{ name: 'lamp' }]);
    // Again and again: Vite's watcher does not see what is written before it has looked through the folder.
    const mend = (): Promise<unknown> => {
      app.write({ 'migrations/V2_add_price.sql': CHAIR });
      return names();
    };
    await expect.poll(mend, { timeout: 20_000, interval: 200 }).toHaveLength(2);

    const browser = await playwright.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      const told: unknown[] = [];
      page.on('websocket', (socket) =>
        socket.on('framereceived', ({ payload }) => {
          const { type } = JSON.parse(payload.toString()) as { readonly type: string };
          if (/^(?:connected|error|full-reload)$/u.test(type)) told.push(type);
        }),
      );
      await page.goto(url);
      await expect.poll(() => told, { timeout: 20_000 }).toEqual(['connected']);
      const items = page.locator('#items li');
      await items.nth(1).waitFor();
      app.write({ 'migrations/V3_add_a_stool.sql': CHAIR.replaceAll('chair', 'stool') });
      await items.nth(2).waitFor();
      expect(told.slice(0, 2)).toEqual(['connected', 'full-reload']);
    } finally {
      await browser.close();
    }
  },
);
