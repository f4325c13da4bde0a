import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { THREE } from './run.ts';
import type { ConformanceTarget, Limits } from './target.ts';
import { openWorkplace } from './workplace.ts';

/** What a database lacks as a whole is known to its adapter, and what needs it is refused before anything runs. */
export function describeLimits<Db>(target: ConformanceTarget<Db>): void {
  const { backups, together, processes }: Limits = target.limits ?? {};
  if (backups === undefined && together === undefined && processes === undefined) return;
  describe('what this database lacks', () => {
    test.each(listed(backups))('are backups: %s', async (reason) => {
      await using place = await openWorkplace(target);
      const session = await place.open({ readOnly: true });
      expect(session.capabilities.backup).toBe(reason);
      await session.close();
      for (const rollback of ['backup', 'both'] as const) {
        const result = await place.executor(THREE, { rollback }).migrate();
        expect(result).toMatchObject({ success: false, executed: [], errors: [{ code: 'BACKUP_UNFIT' }] });
        expect(result.errors[0]?.message).toContain(reason);
        expect(result.errors[0]?.hint).toMatch(/\S/u);
      }
      const made = await place.executor(THREE).backup({ path: join(place.folder, 'b') });
      expect(made.errors.map(({ code }) => code)).toEqual(['BACKUP_UNFIT']);
      expect(await place.database.bookkeeping()).toBeNull();
    });

    test.each(listed(together))('is one transaction for a run: %s', async (reason) => {
      await using place = await openWorkplace(target);
      const session = await place.open({ readOnly: true });
      expect(session.capabilities.together).toBe(reason);
      await session.close();
      const result = await place.executor(THREE, { transaction: 'all' }).migrate();
      expect(result).toMatchObject({ success: false, executed: [] });
      expect(result.errors.map(({ code }) => code)).toEqual(THREE.map(() => 'TRANSACTION_UNFIT'));
      expect(result.errors[0]?.message).toContain(reason);
      expect(await place.database.bookkeeping()).toBeNull();
    });

    test.each(listed(processes))('are further processes: %s', async () => {
      await using place = await openWorkplace(target);
      const session = await place.open({ readOnly: true });
      expect(session.capabilities.cancel).toBe(false);
      await session.close();
    });
  });
}

function listed(reason: string | undefined): readonly string[] {
  return reason === undefined ? [] : [reason];
}
