import { inspect } from 'node:util';
import { fromModules, MigrationScriptExecutor, type MigrationResult } from '@detent/core';
import callbacks from 'mysql2';
import { createConnection, createPool } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { openPlace } from './fixtures/places.ts';
import { mysql, type MysqlOptions } from './index.ts';

const FILES = {
  'V1_a.sql': "CREATE TABLE a (n int); SET SESSION sql_mode = '', time_zone = '+05:00'; INSERT INTO a VALUES (1);",
};

async function migrate(
  options: MysqlOptions,
  files: Readonly<Record<string, string>> = FILES,
): Promise<MigrationResult> {
  const migrations = fromModules(Object.entries(files));
  const executor = new MigrationScriptExecutor<object>({ adapter: mysql<object>(options as never), migrations });
  try {
    return await executor.migrate();
  } finally {
    await executor.close();
  }
}

const SETTINGS =
  'SELECT @@sql_mode AS mode, @@time_zone AS zone, @@autocommit AS auto, @@lock_wait_timeout AS waits, @@innodb_lock_wait_timeout AS rows_wait, @@character_set_connection AS charset, DATABASE() AS db';

test.each([false, true])(
  "a user's own connection works, stays open, and has its settings again; several statements at once: %s",
  async (multipleStatements) => {
    await using place = await openPlace();
    const connection = await createConnection({ uri: place.database.url, multipleStatements });
    try {
      await connection.query("SET SESSION sql_mode = 'ANSI_QUOTES', time_zone = '-03:00'");
      const [before] = await connection.query(SETTINGS);
      const { errors, executed } = await migrate({ connection });
      expect(errors).toEqual([]);
      expect(executed.map(({ id }) => id)).toEqual(['1']);
      const [after] = await connection.query(SETTINGS);
      expect(after).toEqual(before);
      expect((await connection.query('SELECT n FROM a'))[0]).toEqual([{ n: 1 }]);
    } finally {
      await connection.end();
    }
  },
);

test("a user's own connection with callbacks works too", async () => {
  await using place = await openPlace();
  const connection = callbacks.createConnection(place.database.url);
  await new Promise<void>((resolve, reject) =>
    connection.connect((error) => (error === null ? resolve() : reject(error))),
  );
  try {
    expect((await migrate({ connection })).errors).toEqual([]);
  } finally {
    connection.destroy();
  }
});

test('a connection that is in a transaction is refused, and left as it is', async () => {
  await using place = await openPlace();
  const connection = await createConnection(place.database.url);
  try {
    await connection.query('START TRANSACTION');
    await expect(migrate({ connection })).rejects.toMatchObject({ code: 'CONFIG' });
    expect((await connection.query('SELECT @@in_transaction AS open'))[0]).toEqual([{ open: 1 }]);
  } finally {
    await connection.end();
  }
});

test.each(['promises', 'callbacks'])(
  'F111 one connection of a pool with %s is enough, and is not used by others afterwards',
  async (kind) => {
    await using place = await openPlace();
    const settings = { uri: place.database.url, connectionLimit: 1 };
    const pool = kind === 'promises' ? createPool(settings) : callbacks.createPool(settings);
    const query = (text: string): Promise<unknown> =>
      kind === 'promises'
        ? (pool as ReturnType<typeof createPool>).query(text).then(([rows]) => rows)
        : new Promise((resolve, reject) => {
            (pool as callbacks.Pool).query(text, (error: Error | null, rows: unknown) =>
              error === null ? resolve(rows) : reject(error),
            );
          });
    try {
      const before = await query(SETTINGS);
      expect((await migrate({ pool })).errors).toEqual([]);
      expect(await query(SETTINGS)).toEqual(before);
      expect((await migrate({ pool })).executed).toEqual([]);
    } finally {
      if (kind === 'promises') await (pool as ReturnType<typeof createPool>).end();
      else await new Promise<void>((resolve) => (pool as callbacks.Pool).end(() => resolve()));
    }
  },
);

test('F98 no secret is in what a failing run says, whatever is looked at', async () => {
  await using place = await openPlace();
  const canaries = ['kanarie-eins', 'kanarie-zwei', 'geheim'];
  const url = place.database.url;
  const wrong = url.replace(/:[^:@]*@/, ':kanarie-eins@');
  const results = [
    await migrate({ url: wrong }),
    await migrate({ url, password: () => 'kanarie-zwei' }),
    await migrate({ url }, { 'V1_a.sql': "CREATE USER nobody@nowhere IDENTIFIED BY 'kanarie-zwei' NONSENSE;" }),
    await migrate({ url }, { 'V1_a.sql': "SET PASSWORD FOR nobody@nowhere = PASSWORD('kanarie-zwei');" }),
    await migrate(
      { url },
      { 'V1_a.sql': "ALTER USER nobody@nowhere IDENTIFIED VIA mysql_native_password USING PASSWORD('kanarie-zwei');" },
    ),
  ];
  for (const { success, errors } of results) {
    expect(success).toBe(false);
    for (const error of errors) {
      const said = [inspect(error, { depth: 12, showHidden: true }), JSON.stringify(error), String(error.stack)].join(
        '\n',
      );
      for (const canary of canaries) expect(said).not.toContain(canary);
    }
  }
  const history = await place.database.query('SELECT * FROM schema_version', 'SELECT detail FROM schema_version_event');
  expect(JSON.stringify(history)).not.toContain('kanarie');
});
