import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest, MigrationSession } from '@detent/core';
import { readManifest } from '@detent/core/backup';
import { describe, expect, test } from 'vitest';
import type { SqliteDatabase } from './driver.ts';
import { DRIVERS, Playground, rows, run, take } from './harness.ts';
import { startRunner } from './runners.ts';

type Session = MigrationSession<SqliteDatabase>;

const nothing = async (): Promise<void> => undefined;

/** A database with 1,000 rows, and its backup. */
async function shop(
  playground: Playground,
  options: Parameters<Playground['open']>[0],
): Promise<{ session: Session; manifest: Manifest }> {
  const session = await playground.open(options);
  await take(session);
  await session.history.init();
  await run(
    session,
    'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, data BLOB, rate REAL)',
    "INSERT INTO users WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i, 'user ' || i, randomblob(20), i / 7.0 FROM n",
    'CREATE TABLE tags (tag TEXT)',
    "INSERT INTO tags VALUES ('a'), ('b'), (NULL)",
    'CREATE INDEX users_name ON users (name)',
  );
  return { session, manifest: await session.backup.backup(join(playground.folder, 'shop.backup')) };
}

describe.each(DRIVERS)('%s', (driver) => {
  test('what was done since the backup is gone after the restore, and its record is there', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver });
    const [fingerprint, sums] = [await session.fingerprint(), await session.backup.sums()];
    await run(session, 'DROP TABLE users', 'CREATE TABLE stray (x)', "UPDATE tags SET tag = 'z'");
    await session.backup.restore(manifest, async (history) => {
      await history.append({ at: 1, runId: 'run-1', actor: 'tester', action: 'restored', id: null, detail: null });
    });
    expect(await session.fingerprint()).toBe(fingerprint);
    expect(await session.backup.sums()).toEqual(sums);
    expect((await session.history.events(null)).map(({ action }) => action)).toEqual(['restored']);
    expect(await rows(session, 'PRAGMA journal_mode')).toEqual([['wal']]);
    expect(
      readdirSync(playground.folder)
        .filter((name) => !name.startsWith('app.db'))
        .sort(),
    ).toEqual(['shop.backup', 'shop.backup.json']);
  });

  test('F06 the lease outlives the restore of an older backup', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver });
    await session.close();
    const later = await playground.open({ driver });
    await using lease = await take(later, 'run-2');
    await later.backup.restore(manifest, nothing);
    await lease.assert();
    expect(await later.lock.holder()).toMatchObject({ runId: 'run-2', token: lease.token });
    await run(later, 'CREATE TABLE t (x)');
  });

  test('F87 what is only in the log is in the backup', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver });
    expect(statSync(`${playground.file}-wal`).size).toBeGreaterThan(0);
    expect(manifest.objects.map(({ name, rows: count }) => [name, count])).toEqual([
      ['tags', 3],
      ['users', 1000],
    ]);
    await session.backup.verify(manifest);
  });

  test('F88 a restore is not undone by the old log', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver });
    await run(session, "INSERT INTO tags VALUES ('after the backup')");
    // A reader keeps the log from being emptied.
    const reader = await playground.open({ driver });
    reader.db.exec('BEGIN');
    await rows(reader, 'SELECT * FROM tags');
    await session.backup.restore(manifest, nothing);
    reader.db.exec('COMMIT');
    await session.close();
    const next = await playground.open({ driver });
    expect(await rows(next, 'SELECT count(*) FROM tags')).toEqual([[3]]);
    expect(await rows(next, 'PRAGMA integrity_check')).toEqual([['ok']]);
  });

  test('F89 a backup that was cut, changed or lost is found out', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver });
    const damaged = async (spoil: (path: string) => void): Promise<void> => {
      const path = join(playground.folder, 'spoilt.backup');
      copyFileSync(manifest.path, path);
      spoil(path);
      await expect(session.backup.verify({ ...manifest, path })).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
      await expect(session.backup.restore({ ...manifest, path }, nothing)).rejects.toMatchObject({
        code: 'BACKUP_DAMAGED',
      });
    };
    await damaged((path) => truncateSync(path, manifest.bytes - 4096));
    await damaged((path) => {
      const bytes = readFileSync(path);
      bytes.writeUInt8((bytes[5000] ?? 0) ^ 0xff, 5000);
      writeFileSync(path, bytes);
    });
    await expect(session.backup.verify({ ...manifest, path: `${manifest.path}.gone` })).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
    });
    expect(await rows(session, 'SELECT count(*) FROM users')).toEqual([[1000]]);
  });

  test('F89 a failed backup leaves no file', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver });
    const before = readdirSync(playground.folder);
    await expect(session.backup.backup(manifest.path)).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      message: expect.stringContaining('there already') as string,
    });
    await expect(session.backup.backup(join(playground.folder, 'no', 'b.backup'))).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
    });
    await expect(session.backup.backup(join(playground.folder, 'c.backup'), AbortSignal.abort())).rejects.toMatchObject(
      { code: 'BACKUP_FAILED' },
    );
    expect(readdirSync(playground.folder)).toEqual(before);
    expect(await session.backup.check(join(playground.folder, 'no'))).toEqual([
      expect.stringContaining('does not exist'),
    ]);
    expect(await session.backup.check(manifest.path)).toEqual([expect.stringContaining('not a folder')]);
  });

  test('F91 writes of others since the backup are seen, our own are not', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver });
    await run(session, "INSERT INTO tags VALUES ('ours')");
    expect(await session.backup.othersWrote(manifest)).toBe(false);
    const other = await playground.open({ driver });
    await rows(other, 'SELECT * FROM tags');
    await other.lock.tryAcquire({ runId: 'run-2', username: 'u', host: 'h', pid: process.pid });
    expect(await session.backup.othersWrote(manifest)).toBe(false);
    expect(await other.backup.othersWrote(manifest)).toBe(true);
    other.db.exec("INSERT INTO tags VALUES ('theirs')");
    expect(await session.backup.othersWrote(manifest)).toBe(true);
  });

  test('F93 only this user can read a backup', async () => {
    await using playground = new Playground();
    const { manifest } = await shop(playground, { driver });
    expect(statSync(manifest.path).mode & 0o777).toBe(0o600);
    expect(statSync(`${manifest.path}.json`).mode & 0o777).toBe(0o600);
    expect(await readManifest(manifest.path)).toEqual(manifest);
  });

  test('a database in rollback-journal mode keeps its mode through a restore', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver, journalMode: 'delete' });
    await run(session, 'DROP TABLE tags');
    await session.backup.restore(manifest, nothing);
    expect(await rows(session, 'PRAGMA journal_mode')).toEqual([['delete']]);
    expect(await rows(session, 'SELECT count(*) FROM tags')).toEqual([[3]]);
  });

  test('a backup with another page size can be restored', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver, journalMode: 'delete' });
    session.db.exec('PRAGMA page_size = 8192; VACUUM; PRAGMA journal_mode = wal');
    await run(session, 'DROP TABLE tags');
    await session.backup.restore(manifest, nothing);
    expect(await rows(session, 'SELECT count(*) FROM tags')).toEqual([[3]]);
  });

  test('a record that fails leaves the database as it was', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver });
    await run(session, 'CREATE TABLE kept (x)');
    const failing = session.backup.restore(manifest, async () => {
      throw new Error('no ink');
    });
    await expect(failing).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringContaining('no ink') as string,
    });
    expect(await rows(session, 'SELECT count(*) FROM kept')).toEqual([[0]]);
    expect(readdirSync(playground.folder).filter((name) => name.includes('restore'))).toEqual([]);
  });

  test('a session that lost its lock restores nothing', async () => {
    await using playground = new Playground();
    const { session, manifest } = await shop(playground, { driver });
    await run(session, 'CREATE TABLE kept (x)');
    await (await playground.open({ driver })).lock.break({ fence: false });
    await expect(session.backup.restore(manifest, nothing)).rejects.toMatchObject({ code: 'LOCK_LOST' });
    expect(await rows(session, 'SELECT count(*) FROM kept')).toEqual([[0]]);
  });

  test('checksums tell contents apart and do not tell the order of rows', async () => {
    await using playground = new Playground();
    const sumsOf = async (name: string, ...texts: readonly string[]): Promise<unknown> => {
      const session = await playground.open({ driver, url: join(playground.folder, name) });
      await run(session, 'CREATE TABLE t (a, b)', ...texts);
      return session.backup.sums();
    };
    const one = await sumsOf('1.db', "INSERT INTO t VALUES (1, 'x'), (2, NULL)");
    expect(await sumsOf('2.db', 'INSERT INTO t VALUES (2, NULL)', "INSERT INTO t VALUES (1, 'x')")).toEqual(one);
    expect(await sumsOf('3.db', "INSERT INTO t VALUES (1, 'x'), (2, '')")).not.toEqual(one);
    expect(await sumsOf('4.db', "INSERT INTO t VALUES ('1', 'x'), (2, NULL)")).not.toEqual(one);
    expect(await sumsOf('5.db', "INSERT INTO t VALUES (1, x'78'), (2, NULL)")).not.toEqual(one);
    const cut = await sumsOf('6.db', "INSERT INTO t VALUES (1, 'a' || char(0) || 'b')");
    expect(await sumsOf('7.db', "INSERT INTO t VALUES (1, 'a' || char(0) || 'c')")).not.toEqual(cut);
    expect(await sumsOf('8.db', "INSERT INTO t VALUES (1, CAST('a' || char(0) || 'b' AS BLOB))")).not.toEqual(cut);
  });
});

test('a restore that is killed at any moment leaves the state before or the state after', async () => {
  await using playground = new Playground();
  const { session, manifest } = await shop(playground, {});
  const restored = await session.backup.sums();
  const since = [
    'CREATE TABLE since (x)',
    "INSERT INTO users (name, data) SELECT name || '!', zeroblob(2000) FROM users, tags",
  ];
  await run(session, ...since);
  const before = await session.backup.sums();
  await session.close();
  const restoreAndKill = async (afterMs: number): Promise<number> => {
    const runner = startRunner(playground.file, 'restore', manifest.path);
    await runner.said('restoring');
    const start = performance.now();
    await Promise.race([runner.said('restored'), sleep(afterMs)]);
    runner.process.kill('SIGKILL');
    await runner.ended();
    return performance.now() - start;
  };
  const seen = { before: 0, after: 0 };
  const look = async (): Promise<void> => {
    const next = await playground.open();
    await take(next);
    const isRestored = (await next.history.events(null)).length > 0;
    seen[isRestored ? 'after' : 'before'] += 1;
    expect(await next.backup.sums()).toEqual(isRestored ? restored : before);
    expect(await rows(next, 'PRAGMA integrity_check')).toEqual([['ok']]);
    if (isRestored) await run(next, ...since, 'DELETE FROM schema_version_event');
    await next.close();
  };
  const wholeMs = await restoreAndKill(60_000);
  await look();
  const kills = 20;
  for (let kill = 0; kill < kills; kill += 1) {
    // The copy over the live file is near the end.
    await restoreAndKill(wholeMs * 1.3 * Math.sqrt(kill / kills));
    await look();
  }
  expect(seen.before).toBeGreaterThan(0);
  expect(seen.after).toBeGreaterThan(0);
}, 120_000);
