import { describe, expect, test } from 'vitest';
import type { Draft } from './draft.ts';
import { migration, THREE, upOf } from './run.ts';
import { statesOf } from './strategies.ts';
import type { ConformanceTarget } from './target.ts';
import { openWorkplace, References } from './workplace.ts';

/** What `down`, `redo` and the upkeep of a history owe on this database. */
export function describeWayBack<Db>(target: ConformanceTarget<Db>): void {
  const references = new References(target);
  describe('the way back', () => {
    test('undoes the newest migration, which is pending again', async () => {
      await using place = await openWorkplace(target);
      const executor = place.executor(THREE);
      await executor.migrate();
      const result = await executor.down();
      expect(result).toMatchObject({ success: true, operation: 'down' });
      expect(result.executed.map(({ id, direction }) => `${id} ${direction}`)).toEqual(['10 down']);
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE.slice(0, 2))));
      expect(await statesOf(place)).toEqual({ 1: 'applied', 10: 'rolled_back', 2: 'applied' });
      expect((await executor.migrate()).executed.map(({ id }) => id)).toEqual(['10']);
    });

    test.each([
      [{ steps: 2 }, ['10 down', '2 down'], 1],
      [{ to: '1' }, ['10 down', '2 down'], 1],
      [{ to: '0' }, ['10 down', '2 down', '1 down'], 0],
      [{ steps: 99 }, ['10 down', '2 down', '1 down'], 0],
    ] as const)('with %j undoes newest first', async (options, executed, left) => {
      await using place = await openWorkplace(target);
      const executor = place.executor(THREE);
      await executor.migrate();
      const result = await executor.down(options);
      expect(result.executed.map(({ id, direction }) => `${id} ${direction}`)).toEqual(executed);
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE.slice(0, left))));
    });

    test('that fails leaves the migration applied', async () => {
      await using place = await openWorkplace(target);
      const stubborn: Draft = { ...migration('11', 'script', 'd'), down: [{ kind: 'refused' }] };
      const executor = place.executor([...THREE, stubborn]);
      await executor.migrate();
      const result = await executor.down();
      expect(result).toMatchObject({ success: false, executed: [] });
      expect((await statesOf(place))['11']).toBe('applied');
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE, stubborn)));
    });

    const restoring = target.limits?.backups === undefined ? (['both', 'backup'] as const) : [];
    test.each(restoring)('under %s is taken back as a whole when it fails in the middle', async (rollback) => {
      await using place = await openWorkplace(target);
      const drafts = [{ ...migration('1', 'script', 'a'), down: [{ kind: 'refused' }] } as const, ...THREE.slice(1)];
      const executor = place.executor(drafts, { rollback });
      await executor.migrate();
      const before = await place.database.digest();
      const result = await executor.down({ to: '0' });
      expect(result).toMatchObject({ success: false, rollback: 'complete', executed: [] });
      expect(await place.database.digest()).toBe(before);
      expect(await statesOf(place)).toEqual({ 1: 'applied', 10: 'applied', 2: 'applied' });
    });

    test.each(target.language.extension === null ? [] : [0])(
      'also undoes what an earlier run had left of a migration, and finds nothing wrong with that',
      async () => {
        await using place = await openWorkplace(target);
        const broken: Draft = {
          ...migration('1', 'script', 'a'),
          up: [{ kind: 'create', table: 'a' }, { kind: 'refused' }],
        };
        const left = await place.executor([broken], { transaction: 'none' }).migrate();
        expect(left).toMatchObject({ success: false, rollback: 'incomplete' });
        const undone = await place.executor([broken], { transaction: 'none', rollback: 'down' }).migrate();
        expect(undone).toMatchObject({ success: false, rollback: 'complete', warnings: [] });
        expect(await place.database.digest()).toBe(await references.digestOf([]));
      },
    );

    test('and forth again is redo', async () => {
      await using place = await openWorkplace(target);
      await place.executor(THREE).migrate();
      const changed: Draft = {
        ...migration('10', 'script', 'c'),
        up: [
          { kind: 'create', table: 'c' },
          { kind: 'insert', table: 'c', id: 9 },
        ],
      };
      const drafts = THREE.with(2, changed);
      const result = await place.executor(drafts).redo();
      expect(result.errors).toEqual([]);
      expect(result.executed.map(({ id, direction }) => `${id} ${direction}`)).toEqual(['10 down', '10 up']);
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...drafts)));
      expect(await place.executor(drafts).validate()).toEqual([]);
    });
  });

  if (target.language.extension !== null) describeKeptWayBack(target, references);

  describe('upkeep', () => {
    test('a baseline keeps everything up to it from running', async () => {
      await using place = await openWorkplace(target);
      await place.apply(upOf(...THREE.slice(0, 2)));
      const executor = place.executor(THREE);
      expect((await executor.baseline({ version: '2' })).errors).toEqual([]);
      const result = await executor.migrate();
      expect(result.executed.map(({ id }) => id)).toEqual(['10']);
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE)));
    });

    test('mark writes into the history and runs nothing', async () => {
      await using place = await openWorkplace(target);
      const executor = place.executor(THREE);
      for (const version of ['1', '2', '10'])
        expect((await executor.mark({ version, as: 'applied' })).errors).toEqual([]);
      expect((await executor.migrate()).executed).toEqual([]);
      expect(await place.database.digest()).toBe(await references.digestOf([]));
      expect((await executor.mark({ version: '10', as: 'rolled_back', reason: 'a test' })).errors).toEqual([]);
      expect((await executor.migrate()).executed.map(({ id }) => id)).toEqual(['10']);
    });

    test('repair accepts an edited file', async () => {
      await using place = await openWorkplace(target);
      await place.executor(THREE).migrate();
      const edited = THREE.with(0, { ...migration('1', 'script', 'a'), down: null });
      const executor = place.executor(edited);
      expect((await executor.migrate()).errors.map(({ code }) => code)).toEqual(['CHECKSUM']);
      expect((await executor.repair()).errors).toEqual([]);
      expect((await executor.migrate()).success).toBe(true);
    });

    test('F53 verify finds a change that no migration made, and nothing else', async () => {
      await using place = await openWorkplace(target);
      await place.executor(THREE).migrate();
      expect((await place.executor(THREE).verify()).problems).toEqual([]);
      await place.apply([{ kind: 'add-column', table: 'a', column: 'by_hand' }]);
      expect((await place.executor(THREE).verify()).problems.map(({ code }) => code)).toEqual(['DRIFT']);
    });
  });
}

function describeKeptWayBack<Db>(target: ConformanceTarget<Db>, references: References<Db>): void {
  test('F49 the way back of a script whose file is gone is the one that was applied', async () => {
    await using place = await openWorkplace(target);
    await place.executor(THREE).migrate();
    const result = await place.executor(THREE.slice(0, 2)).down();
    expect(result).toMatchObject({ success: true });
    expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE.slice(0, 2))));
  });
}
