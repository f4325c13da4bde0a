import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Draft } from './draft.ts';
import { overlay, withSessions } from './overlay.ts';
import type { ConformanceTarget } from './target.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const FAILING: readonly Draft[] = [
  {
    version: '1',
    form: 'script',
    up: [
      { kind: 'create', table: 'detent_a' },
      { kind: 'insert', table: 'detent_a', id: 1 },
    ],
    down: null,
  },
  { version: '2', form: 'script', up: [{ kind: 'refused' }], down: null },
];

/** A database of everything that a backup may lose, with its digest. */
async function filled<Db>(place: Workplace<Db>): Promise<string> {
  await place.database.query(...place.target.language.fidelity);
  return place.database.digest();
}

async function backedUp<Db>(place: Workplace<Db>): Promise<string> {
  const path = join(place.folder, 'kept.backup');
  const executor = place.executor([]);
  const { success, backup } = await executor.backup({ path });
  await executor.close();
  if (!success || backup === undefined) throw new Error('No backup was made.');
  return backup.path;
}

export function describeBackupFidelity<Db>(target: ConformanceTarget<Db>): void {
  describe('a backup', () => {
    test('F82 F88 brings back every table, row and value, whatever happened since', async () => {
      await using place = await openWorkplace(target);
      const before = await filled(place);
      const path = await backedUp(place);
      await place.apply([
        { kind: 'create', table: 'since' },
        { kind: 'insert', table: 'since', id: 1 },
      ]);
      expect(await place.database.digest()).not.toBe(before);
      const executor = place.executor([]);
      const restored = await executor.restore({ path });
      await executor.close();
      expect(restored.errors).toEqual([]);
      expect(await place.database.digest()).toBe(before);
    });

    test('brings it back a second time', async () => {
      await using place = await openWorkplace(target);
      const before = await filled(place);
      const path = await backedUp(place);
      for (const id of [1, 2]) {
        await place.apply([{ kind: 'create', table: `since_${id}` }]);
        const executor = place.executor([]);
        expect((await executor.restore({ path })).errors).toEqual([]);
        await executor.close();
        expect(await place.database.digest()).toBe(before);
      }
    });

    test('of a run that fails brings back every table, row and value', async () => {
      await using place = await openWorkplace(target);
      const before = await filled(place);
      const executor = place.executor(FAILING, { rollback: 'backup' });
      const result = await executor.migrate();
      await executor.close();
      expect(result).toMatchObject({ success: false, rollback: 'complete', backup: { kept: false } });
      expect(await place.database.digest()).toBe(before);
    });

    test('F93 can be read by its owner alone', async () => {
      await using place = await openWorkplace(target);
      await filled(place);
      const path = await backedUp(place);
      for (const file of [path, `${path}.json`]) expect(((await stat(file)).mode & 0o077).toString(8)).toBe('0');
    });

    test('names the content by table, and counts it', async () => {
      await using place = await openWorkplace(target);
      await place.apply([
        { kind: 'create', table: 'a' },
        { kind: 'insert', table: 'a', id: 1 },
        { kind: 'insert', table: 'a', id: 2 },
        { kind: 'create', table: 'b' },
      ]);
      const manifest = JSON.parse(await readFile(`${await backedUp(place)}.json`, 'utf8')) as {
        objects: { name: string; rows: number }[];
      };
      expect(manifest.objects.map(({ name, rows }) => [name, rows])).toEqual([
        ['a', 2],
        ['b', 0],
      ]);
    });

    test.each([
      ['cut short', async (path: string) => truncate(path, 100)],
      [
        'changed in one byte',
        async (path: string) => {
          const bytes = await readFile(path);
          bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
          await writeFile(path, bytes);
        },
      ],
      ['without a manifest that can be read', async (path: string) => writeFile(`${path}.json`, '{')],
      ['with the manifest of something else', async (path: string) => writeFile(`${path}.json`, '{"format":"other"}')],
    ])('F89 F90 %s is refused, and nothing is touched', async (_, spoil) => {
      await using place = await openWorkplace(target);
      await filled(place);
      const path = await backedUp(place);
      await spoil(path);
      await place.apply([{ kind: 'create', table: 'since' }]);
      const before = await place.database.digest();
      const executor = place.executor([]);
      const result = await executor.restore({ path });
      await executor.close();
      expect(result.errors.map(({ code }) => code)).toEqual(['BACKUP_DAMAGED']);
      expect(result.errors[0]?.hint).toMatch(/\S/u);
      expect(await place.database.digest()).toBe(before);
    });

    test('F91 is not restored over rows that others wrote since', async () => {
      await using place = await openWorkplace(target);
      await place.apply([{ kind: 'create', table: 'base' }]);
      const executor = place.executor(FAILING, {
        rollback: 'backup',
        hooks: {
          beforeEach: async ({ step }) =>
            step.id === '2' ? place.apply([{ kind: 'insert', table: 'base', id: 77 }]) : undefined,
        },
      });
      const result = await executor.migrate();
      await executor.close();
      expect(result).toMatchObject({ success: false, rollback: 'blocked', backup: { kept: true } });
      const failed = target.language.extension === null ? 'SCRIPT_FAILED' : 'STATEMENT_FAILED';
      expect(result.errors.map(({ code }) => code)).toEqual([failed, 'RESTORE_BLOCKED']);
      expect(result.errors[1]?.hint).toContain(result.backup?.path);
      await using reference = await openWorkplace(target);
      await reference.apply([
        { kind: 'create', table: 'base' },
        { kind: 'insert', table: 'base', id: 77 },
        ...(FAILING[0]?.up ?? []),
      ]);
      expect(await place.database.digest()).toBe(await reference.database.digest());
    });

    test('F06 of a database whose lock is held leaves the lock out', async () => {
      await using place = await openWorkplace(target);
      const executor = place.executor(FAILING.slice(0, 1), { rollback: 'backup', backup: { keep: true } });
      const result = await executor.migrate();
      expect(result.backup?.kept).toBe(true);
      expect((await executor.restore({ path: result.backup?.path ?? '' })).errors).toEqual([]);
      expect((await executor.inspect()).holder).toBeNull();
      expect((await executor.migrate()).executed.map(({ id }) => id)).toEqual(['1']);
      await executor.close();
    });

    test('that cannot be deleted is kept, with a warning, and the run stands', async () => {
      const refuse = (): Promise<void> => Promise.reject(new Error('it is in use'));
      await using place = await openWorkplace<Db>(target, (adapter) =>
        withSessions(adapter, (session) => overlay(session, { backup: overlay(session.backup, { delete: refuse }) })),
      );
      const executor = place.executor(FAILING.slice(0, 1), { rollback: 'backup' });
      const result = await executor.migrate();
      await executor.close();
      expect(result).toMatchObject({ success: true, backup: { kept: true } });
      expect(result.warnings.join()).toContain('it is in use');
    });

    test('F92 is made only when there is something to do', async () => {
      await using place = await openWorkplace(target);
      const drafts = FAILING.slice(0, 1);
      const first = place.executor(drafts, { rollback: 'backup' });
      expect((await first.migrate()).backup).toBeDefined();
      expect((await first.migrate()).backup).toBeUndefined();
      await first.close();
    });
  });
}
