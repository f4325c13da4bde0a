import { fromModules, MigrationScriptExecutor, type MaintenanceResult } from '@detent/core';
import { queryOn, type MysqlDatabase } from '@detent/tests/servers/mysql-common';
import { afterEach, describe, expect, test } from 'vitest';
import { dumpingProducts } from './fixtures/dump.ts';
import { exactRows } from './fixtures/exact.ts';
import { dumpable, schema } from './fixtures/fidelity.ts';
import type { Playground } from './fixtures/playground.ts';
import { freshPath, productsFor, removeFolders, SHOP } from './fixtures/shop.ts';
import { mysql, type MysqlConnection } from './index.ts';

const patient = { timeout: 120_000 };

afterEach(removeFolders);

const products = [
  ...(await productsFor('into')).map((product) => ({ ...product, by: 'copy' })),
  ...(await dumpingProducts('into', ['MariaDB', 'MySQL'])).map((product) => ({ ...product, by: 'dump' })),
];

async function restored(
  place: Playground,
  path: string,
  into: string,
  more: { readonly swap?: boolean; readonly schema?: string } = {},
): Promise<MaintenanceResult> {
  const executor = executorOn(place, more.schema);
  try {
    return await executor.restore({ path, into, swap: more.swap ?? false });
  } finally {
    await executor.close();
  }
}

function executorOn(place: Playground, named?: string): MigrationScriptExecutor<MysqlConnection> {
  return new MigrationScriptExecutor<MysqlConnection>({
    adapter: mysql(place.options),
    migrations: fromModules({ 'V1_made.sql': 'CREATE TABLE made (x int);' }),
    ...(named === undefined ? {} : { schema: named }),
  });
}

async function backedUp(place: Playground, named?: string): Promise<string> {
  const executor = executorOn(place, named);
  expect((await executor.migrate()).errors).toEqual([]);
  const { backup, errors } = await executor.backup({ path: freshPath() });
  await executor.close();
  expect(errors).toEqual([]);
  return backup?.path ?? '';
}

/** The one beside, as the first is looked at. */
function beside({ database }: Playground, name: string): MysqlDatabase {
  const url = `${database.url.slice(0, database.url.lastIndexOf('/'))}/${name}`;
  return { name, url, query: (...commands) => queryOn(url, commands), drop: async () => undefined };
}

describe.each(products)('$product, by $by', ({ product, open }) => {
  test('a backup goes into a new database, and the one that is in use is not touched', patient, async () => {
    await using place = await open();
    const movable = [...dumpable(product), ...schema(product)].filter((text) => !text.includes('steps'));
    await place.database.query(...movable.filter((text) => !text.includes('stepped')));
    const path = await backedUp(place);
    const all = (table: string): boolean => !table.startsWith('schema_version');
    const before = await exactRows(place.database, all);
    await place.database.query('INSERT INTO twins VALUES (77, NULL)');
    const live = await exactRows(place.database, all);
    const name = `${place.database.name}_then`;
    expect((await restored(place, path, name)).errors).toEqual([]);
    const there = beside(place, name);
    expect(await exactRows(there, all)).toEqual(before);
    expect(await exactRows(place.database, all)).toEqual(live);
    expect(await there.query('SELECT id, state FROM schema_version')).toEqual([{ id: '1', state: 'applied' }]);
    expect(await there.query('SELECT COUNT(*) AS n FROM a_over')).toEqual([{ n: '2' }]);
    const left = await place.database.query(`SHOW DATABASES LIKE '${name}%'`);
    expect(left).toHaveLength(1);
    await expect(restored(place, path, name)).rejects.toMatchObject({ code: 'CONFIG' });
    expect(await exactRows(there, all)).toEqual(before);
    await place.database.query(`DROP DATABASE ${name}`);
  });

  test('names are not exchanged, and what names its database goes into no other', patient, async () => {
    await using place = await open();
    const { name } = place.database;
    await place.database.query(...SHOP, `CREATE PROCEDURE p() SELECT COUNT(*) FROM \`${name}\`.users`);
    const path = await backedUp(place);
    expect((await restored(place, path, `${name}_b`, { swap: true })).errors).toMatchObject([{ code: 'BACKUP_UNFIT' }]);
    expect((await restored(place, path, `${name}_b`)).errors).toMatchObject([
      { code: 'RESTORE_FAILED', message: expect.stringContaining(`p names the database ${name}`) as string },
    ]);
    expect(await place.database.query(`SHOW DATABASES LIKE '${name}_b%'`)).toEqual([]);
  });

  test('a history that is named by an option is not the one that is written', patient, async () => {
    await using place = await open();
    await place.database.query(...SHOP);
    const path = await backedUp(place, place.database.name);
    await place.database.query("INSERT INTO tags VALUES ('since')");
    const name = `${place.database.name}_c`;
    expect((await restored(place, path, name, { schema: place.database.name })).errors).toEqual([]);
    expect(await place.database.query("SELECT COUNT(*) AS n FROM tags WHERE tag = 'since'")).toEqual([{ n: '1' }]);
    expect(await beside(place, name).query('SELECT COUNT(*) AS n FROM tags')).toEqual([{ n: '3' }]);
    await place.database.query(`DROP DATABASE ${name}`);
  });
});
