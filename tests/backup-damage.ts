import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fromModules, MigrationScriptExecutor, type DatabaseAdapter, type Options } from '@detent/core';
import { afterEach, expect, test } from 'vitest';
import { bitFlips, damagesOf, truncations } from './damage.ts';
import { smallDisk } from './servers/small-disk.ts';
import { figure, sized } from './size.ts';

/** A fresh database, gone when it is disposed of. */
interface Place extends AsyncDisposable {
  readonly database: { query(...statements: readonly string[]): Promise<readonly object[]> };
}

/** How a database is backed up whose backups are to be damaged. */
export interface DamageSubject<Db, At extends Place> {
  readonly open: () => Promise<At>;
  adapter(place: At): DatabaseAdapter<Db>;
  /** Statements that make a schema with rows and more than tables in it. */
  readonly tables: readonly string[];
  /** Statements that add enough for several blocks of the writer. */
  readonly filling: readonly string[];
  /** Gives a row where there is the table `made`, and none where there is not. */
  readonly findMade: string;
  /**
   * A program that migrates in the place, to a table `made`, under the strategy `backup`, and prints what came of it; and
   * its first argument. The second is the folder for backups.
   */
  limited(place: At): readonly [program: string, argument: string];
  /** Of the short form. */
  readonly rounds: number;
}

const folders: string[] = [];

afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'detent-damage-'));
  folders.push(made);
  return made;
}

const refusedBy = (code: string): string => JSON.stringify({ executed: 0, codes: [code] });
const wentWell = JSON.stringify({ executed: 1, codes: [] });

/** Whatever happens to a backup, or to the disk that it goes to, is found before a script runs. */
export function describeDamage<Db, At extends Place>(subject: DamageSubject<Db, At>): void {
  const { open, tables, filling, findMade, rounds: few } = subject;
  const megabytes = [...tables, ...filling];
  /** The long form does ten times as much. */
  const patient = { timeout: sized(120_000, 1_200_000) };

  const executorOn = (
    place: At,
    options: Partial<Options<Db>>,
    adapter: DatabaseAdapter<Db> = subject.adapter(place),
  ): MigrationScriptExecutor<Db> => {
    const migrations = fromModules({ 'V1_made.sql': 'CREATE TABLE made (x int);' });
    return new MigrationScriptExecutor<Db>({ adapter, migrations, rollback: 'backup', ...options });
  };

  /** What became of a run, in one line. */
  const outcomeOf = async (place: At, options: Partial<Options<Db>>): Promise<string> => {
    await using executor = executorOn(place, options);
    const { executed, errors } = await executor.migrate();
    return JSON.stringify({ executed: executed.length, codes: errors.map(({ code }) => code) });
  };

  const isMade = async (place: At): Promise<boolean> => (await place.database.query(findMade)).length > 0;

  const backupSize = async (place: At): Promise<number> => {
    const path = join(folder(), 'measured');
    await using executor = executorOn(place, {});
    expect((await executor.backup({ path })).errors).toEqual([]);
    return statSync(path).size;
  };

  test('F89 F90 damage anywhere in a backup or its manifest is found before a script runs', patient, async () => {
    await using place = await open();
    await place.database.query(...tables);
    const path = join(folder(), 'named');
    {
      await using maker = executorOn(place, {});
      expect((await maker.backup({ path })).errors).toEqual([]);
    }
    const options: Partial<Options<Db>> = { backup: { mode: 'restore-only', from: path } };
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
    await using place = await open();
    await place.database.query(...tables);
    const adapter = subject.adapter(place);
    const rounds = sized(few, 200);
    const outcomes = new Map<string, number>();
    for (let round = 0; round < rounds; round += 1) {
      const spoiling: DatabaseAdapter<Db> = {
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

  test('F89 a disk that fills up while the backup is written stops the run, and keeps no file', patient, async () => {
    using disk = smallDisk(64 << 20);
    if (disk === null) return;
    await using place = await open();
    await place.database.query(...megabytes);
    const size = await backupSize(place);
    const rounds = sized(few, 120);
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
    await using place = await open();
    await place.database.query(...megabytes);
    const size = await backupSize(place);
    const target = folder();
    const [program, argument] = subject.limited(place);
    const limited = (bytes: number): string => {
      const blocks = Math.ceil(bytes / 512);
      const args = [process.execPath, '--conditions=source', '--no-warnings', program, argument, target];
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
}
