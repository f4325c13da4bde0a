import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromModules, MigrationScriptExecutor, type DatabaseAdapter, type Options } from '@detent/core';
import { bitFlips, damagesOf, truncations } from '@detent/tests/damage';
import { smallDisk } from '@detent/tests/servers/small-disk';
import { afterEach, expect, test } from 'vitest';
import { createAdapter } from './adapter.ts';
import { playgrounds, type Playground } from './fixtures/playground.ts';
import type { MysqlConnection } from './index.ts';
import { figure, sized } from '@detent/tests/size';

const patient = { timeout: 120_000 };
const folders: string[] = [];

afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'detent-damage-'));
  folders.push(made);
  return made;
}

/** On a server that no other file works with: whether others wrote is asked of the whole server. */
const open = await playgrounds('MariaDB', 'damage');

async function playground(): Promise<Playground> {
  if (open === null) throw new Error('There is no MariaDB here.');
  return open();
}

const numbers = (count: number): string =>
  `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})`;

const TABLES = [
  'CREATE TABLE users (id bigint AUTO_INCREMENT PRIMARY KEY, name varchar(50) NOT NULL)',
  'SET max_recursive_iterations = 10000',
  `INSERT INTO users (name) ${numbers(2000)} SELECT CONCAT('user ', n) FROM numbers`,
  'CREATE TABLE log (what varchar(50)) ENGINE = MyISAM',
  "CREATE TRIGGER noted AFTER INSERT ON users FOR EACH ROW INSERT INTO log VALUES ('user')",
  'CREATE VIEW names AS SELECT name FROM users',
];

function executorOn(
  place: Playground,
  options: Partial<Options<MysqlConnection>>,
  adapter: DatabaseAdapter<MysqlConnection> = createAdapter<MysqlConnection>({ url: place.database.url }),
): MigrationScriptExecutor<MysqlConnection> & AsyncDisposable {
  const migrations = fromModules({ 'V1_made.sql': 'CREATE TABLE made (x int);' });
  const executor = new MigrationScriptExecutor<MysqlConnection>({
    adapter,
    migrations,
    rollback: 'backup',
    ...options,
  });
  return Object.assign(executor, { [Symbol.asyncDispose]: () => executor.close() });
}

/** What became of a run, in one line. */
async function outcomeOf(place: Playground, options: Partial<Options<MysqlConnection>>): Promise<string> {
  await using executor = executorOn(place, options);
  const { executed, errors } = await executor.migrate();
  return JSON.stringify({ executed: executed.length, codes: errors.map(({ code }) => code) });
}

const refusedBy = (code: string): string => JSON.stringify({ executed: 0, codes: [code] });
const wentWell = JSON.stringify({ executed: 1, codes: [] });

async function isMade(place: Playground): Promise<unknown> {
  return (await place.database.query("SHOW TABLES LIKE 'made'")).length > 0;
}

test('F89 F90 damage anywhere in a backup or its manifest is found before a script runs', patient, async () => {
  await using place = await playground();
  await place.database.query(...TABLES);
  const path = join(folder(), 'named');
  {
    await using maker = executorOn(place, {});
    expect((await maker.backup({ path })).errors).toEqual([]);
  }
  const options: Partial<Options<MysqlConnection>> = { backup: { mode: 'restore-only', from: path } };
  const damages = damagesOf(path);
  const unseen: string[] = [];
  for (const damage of damages) {
    damage.do();
    const outcome = await outcomeOf(place, options);
    if (outcome !== refusedBy('BACKUP_DAMAGED')) unseen.push(`${damage.path}, ${damage.name}: ${outcome}`);
    damage.undo();
  }
  figure(`damaged backups: ${damages.length}, not seen: ${unseen.length}`);
  expect(unseen).toEqual([]);
  expect(await isMade(place)).toBe(false);
  expect(await outcomeOf(place, options)).toBe(wentWell);
});

test('F89 a backup that is damaged right after it was written stops the run that made it', patient, async () => {
  await using place = await playground();
  await place.database.query(...TABLES);
  const adapter = createAdapter<MysqlConnection>({ url: place.database.url });
  const rounds = sized(10, 200);
  const outcomes = new Map<string, number>();
  for (let round = 0; round < rounds; round += 1) {
    const spoiling: DatabaseAdapter<MysqlConnection> = {
      ...adapter,
      async open(options) {
        const session = await adapter.open(options);
        const backup: typeof session.backup = {
          ...session.backup,
          async backup(path, signal) {
            const made = await session.backup.backup(path, signal);
            const kinds = [...bitFlips(path, 2, `${round}`), ...truncations(path, 1, `${round}`)];
            kinds[round % kinds.length]?.do();
            return made;
          },
        };
        return Object.create(session, { backup: { value: backup } }) as typeof session;
      },
    };
    await using executor = executorOn(place, { backup: { folder: folder() } }, spoiling);
    const { executed, errors } = await executor.migrate();
    const outcome = JSON.stringify({ executed: executed.length, codes: errors.map(({ code }) => code) });
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect([...outcomes]).toEqual([[refusedBy('BACKUP_DAMAGED'), rounds]]);
  expect(await isMade(place)).toBe(false);
});

/** Enough for several blocks of the writer. */
const MEGABYTES = [
  ...TABLES,
  'CREATE TABLE filling (a text)',
  'SET max_recursive_iterations = 10000',
  `INSERT INTO filling ${numbers(3000)} SELECT REPEAT(MD5(n), 32) FROM numbers`,
];

test('F89 a disk that fills up while the backup is written stops the run, and keeps no file', patient, async () => {
  using disk = smallDisk(64 << 20);
  if (disk === null) return;
  await using place = await playground();
  await place.database.query(...MEGABYTES);
  const size = await backupSize(place);
  const rounds = sized(10, 120);
  // The last has room for the backup and none for its manifest.
  const levels = Array.from({ length: rounds + 1 }, (_, index) => Math.floor((index * size) / rounds));
  const outcomes = new Map<string, number>();
  const kept: string[] = [];
  for (const left of levels) {
    disk.leave(64 << 20);
    await using executor = executorOn(place, { backup: { folder: disk.folder } });
    // The space was found to be enough, and is used up by others then.
    executor.on('backup-started', () => disk.leave(left));
    const { executed, errors } = await executor.migrate();
    const outcome = JSON.stringify({ executed: executed.length, codes: errors.map(({ code }) => code) });
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    kept.push(...readdirSync(disk.folder).filter((name) => name !== 'ballast'));
  }
  figure(`full disks: ${levels.length} (a backup of ${size} bytes)`);
  expect([...outcomes]).toEqual([[refusedBy('BACKUP_FAILED'), levels.length]]);
  expect(kept).toEqual([]);
  expect(await isMade(place)).toBe(false);
  disk.leave(64 << 20);
  expect(await outcomeOf(place, { backup: { folder: disk.folder } })).toBe(wentWell);
});

test('F89 a file that may not grow stops the run, and is not kept', patient, async () => {
  await using place = await playground();
  await place.database.query(...MEGABYTES);
  const size = await backupSize(place);
  const target = folder();
  const program = fileURLToPath(new URL('./fixtures/limited.ts', import.meta.url));
  const limited = (bytes: number): string => {
    const blocks = Math.ceil(bytes / 512);
    const args = [process.execPath, '--conditions=source', '--no-warnings', program, place.database.url, target];
    const { stdout, stderr } = spawnSync('sh', ['-c', 'ulimit -f "$0" && exec "$@"', String(blocks), ...args], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: '' },
    });
    return stdout === '' ? stderr : stdout;
  };
  for (const part of [0.001, 0.3, 0.6, 0.99]) expect(limited(size * part)).toBe(refusedBy('BACKUP_FAILED'));
  expect(readdirSync(target)).toEqual([]);
  expect(await isMade(place)).toBe(false);
  expect(limited(size * 2)).toBe(wentWell);
});

async function backupSize(place: Playground): Promise<number> {
  const path = join(folder(), 'measured');
  await using executor = executorOn(place, {});
  expect((await executor.backup({ path })).errors).toEqual([]);
  return statSync(path).size;
}
