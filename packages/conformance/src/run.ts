import type { LifecycleEvent } from '@detent/core';
import { describe, expect, test } from 'vitest';
import type { Draft, Op } from './draft.ts';
import { statesOf } from './strategies.ts';
import type { ConformanceTarget } from './target.ts';
import { openWorkplace, References } from './workplace.ts';

function migration(version: string, form: Draft['form'], table: string): Draft {
  return { version, form, up: [{ kind: 'create', table }, { kind: 'insert', table, id: 1 }], down: [{ kind: 'drop', table }] };
}

const THREE: readonly Draft[] = [migration('1', 'script', 'a'), migration('2', 'code', 'b'), migration('10', 'script', 'c')];

function upOf(...drafts: readonly Draft[]): Op[] {
  return drafts.flatMap(({ up }) => up);
}

/** What `migrate`, `down`, `redo` and their relations owe on this database, with scripts and code in one history. */
export function describeRuns<Db>(target: ConformanceTarget<Db>): void {
  const references = new References(target);
  describe('a run', () => {
    test('applies scripts and code in the order of their versions as numbers', async () => {
      await using place = await openWorkplace(target);
      const executor = place.executor(THREE.toReversed());
      const result = await executor.migrate();
      expect(result).toMatchObject({ success: true, errors: [], rollback: 'none-needed' });
      expect(result.executed.map(({ id }) => id)).toEqual(['1', '2', '10']);
      expect(result.executed[1]?.result).toBe('2 commands');
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE)));
      expect(await statesOf(place)).toEqual({ 1: 'applied', 10: 'applied', 2: 'applied' });
    });

    test('that has nothing to do writes nothing', async () => {
      await using place = await openWorkplace(target);
      await place.executor(THREE).migrate();
      const before = [await place.database.digest(), await place.database.bookkeeping()];
      const result = await place.executor(THREE).migrate();
      expect(result).toMatchObject({ success: true, executed: [] });
      expect(result.migrated).toHaveLength(3);
      expect([await place.database.digest(), await place.database.bookkeeping()]).toEqual(before);
    });

    test('without migrations makes no table', async () => {
      await using place = await openWorkplace(target);
      expect(await place.executor([]).migrate()).toMatchObject({ success: true, executed: [] });
      expect(await place.database.bookkeeping()).toBeNull();
    });

    test('applies later what came later', async () => {
      await using place = await openWorkplace(target);
      await place.executor(THREE.slice(0, 1)).migrate();
      const result = await place.executor(THREE).migrate();
      expect(result.executed.map(({ id }) => id)).toEqual(['2', '10']);
      expect(result.migrated.map(({ id }) => id)).toEqual(['1']);
    });

    test('stops at the version it is told', async () => {
      await using place = await openWorkplace(target);
      const result = await place.executor(THREE).migrate({ to: '2' });
      expect(result.executed.map(({ id }) => id)).toEqual(['1', '2']);
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE.slice(0, 2))));
    });

    test('goes on after a failure that was mended', async () => {
      await using place = await openWorkplace(target);
      const broken = THREE.with(1, { ...migration('2', 'code', 'b'), up: [{ kind: 'create', table: 'b' }, { kind: 'refused' }] });
      const failing = await place.executor(broken).migrate();
      expect(failing).toMatchObject({ success: false, failed: { id: '2' } });
      const session = await place.open({ readOnly: true });
      const isWhole = session.capabilities.transactionalDdl;
      await session.close();
      if (!isWhole) return;
      const mended = await place.executor(THREE).migrate();
      expect(mended.executed.map(({ id }) => id)).toEqual(['2', '10']);
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE)));
    });

    test('applies a repeatable migration last, and again only when it changed', async () => {
      await using place = await openWorkplace(target);
      const repeatable: Draft = { version: '7', form: 'repeatable', up: [{ kind: 'remove', table: 'a', id: 5 }, { kind: 'insert', table: 'a', id: 5 }], down: null };
      const drafts = [repeatable, ...THREE];
      expect((await place.executor(drafts).migrate()).executed.map(({ id }) => id)).toEqual(['1', '2', '10', 'R__r7']);
      expect((await place.executor(drafts).migrate()).executed).toEqual([]);
      const changed: Draft = { ...repeatable, up: [...repeatable.up, { kind: 'insert', table: 'a', id: 6 }] };
      expect((await place.executor([changed, ...THREE]).migrate()).executed.map(({ id }) => id)).toEqual(['R__r7']);
      expect(await place.database.digest()).toBe(await references.digestOf([...upOf(...THREE), { kind: 'insert', table: 'a', id: 5 }, { kind: 'insert', table: 'a', id: 6 }]));
    });

    test('tells its events in the order of the lifecycle', async () => {
      await using place = await openWorkplace(target);
      const executor = place.executor(THREE, { rollback: 'backup' });
      const heard: LifecycleEvent['kind'][] = [];
      executor.on('*', ({ kind }) => heard.push(kind));
      await executor.migrate();
      const order = ['run-started', 'lock-acquired', 'planned', 'backup-started', 'backup-finished', 'step-started', 'step-finished', 'run-finished'] as const;
      const places = order.map((kind) => heard.indexOf(kind));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places).not.toContain(-1);
      expect(heard.at(-1)).toBe('run-finished');
    });

    test('calls the hooks around its steps, and an observer that throws undoes nothing', async () => {
      await using place = await openWorkplace(target);
      const called: string[] = [];
      const result = await place
        .executor(THREE.slice(0, 1), {
          hooks: {
            beforeMigrate: () => void called.push('beforeMigrate'),
            beforeEach: ({ step }) => void called.push(`before ${step.id}`),
            afterEach: ({ step }) => void called.push(`after ${step.id}`),
            afterMigrate: () => {
              called.push('afterMigrate');
              throw new Error('an observer');
            },
          },
        })
        .migrate();
      expect(called).toEqual(['beforeMigrate', 'before 1', 'after 1', 'afterMigrate']);
      expect(result.success).toBe(true);
      expect(result.warnings.join(' ')).toContain('an observer');
    });

    test('that is stopped by its signal stands on a version', async () => {
      await using place = await openWorkplace(target);
      const stop = new AbortController();
      const executor = place.executor(THREE, { hooks: { afterEach: ({ step }) => (step.id === '1' ? stop.abort() : undefined) } });
      const result = await executor.migrate({ signal: stop.signal });
      expect(result.errors.map(({ code }) => code)).toEqual(['CANCELLED']);
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE.slice(0, 1))));
      expect((await place.executor(THREE).migrate()).success).toBe(true);
    });

    test('F92 only looking writes nothing: plan, status, validate, verify, list, history', async () => {
      await using place = await openWorkplace(target);
      const executor = place.executor(THREE);
      const { plan, problems } = await executor.plan();
      expect(plan.steps.map(({ info }) => info.id)).toEqual(['1', '2', '10']);
      expect(problems).toEqual([]);
      expect((await executor.status()).counts).toMatchObject({ applied: 0, pending: 3 });
      expect(await executor.validate()).toEqual([]);
      await executor.verify();
      expect(await executor.list(2)).toHaveLength(2);
      expect(await executor.history()).toEqual([]);
      expect(await place.database.bookkeeping()).toBeNull();
      expect(await place.database.digest()).toBe(await references.digestOf([]));
    });
  });

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

    test('under both is taken back as a whole when it fails in the middle', async () => {
      await using place = await openWorkplace(target);
      const drafts = [{ ...migration('1', 'script', 'a'), down: [{ kind: 'refused' }] } as const, ...THREE.slice(1)];
      const executor = place.executor(drafts, { rollback: 'both' });
      await executor.migrate();
      const before = await place.database.digest();
      const result = await executor.down({ to: '0' });
      expect(result).toMatchObject({ success: false, rollback: 'complete', executed: [] });
      expect(await place.database.digest()).toBe(before);
      expect(await statesOf(place)).toEqual({ 1: 'applied', 10: 'applied', 2: 'applied' });
    });

    test('under backup is taken back as a whole when it fails in the middle', async () => {
      await using place = await openWorkplace(target);
      const drafts = [{ ...migration('1', 'script', 'a'), down: [{ kind: 'refused' }] } as const, ...THREE.slice(1)];
      const executor = place.executor(drafts, { rollback: 'backup' });
      await executor.migrate();
      const before = await place.database.digest();
      const result = await executor.down({ to: '0' });
      expect(result).toMatchObject({ success: false, rollback: 'complete', executed: [] });
      expect(await place.database.digest()).toBe(before);
      expect(await statesOf(place)).toEqual({ 1: 'applied', 10: 'applied', 2: 'applied' });
    });

    if (target.language.extension !== null) {
      test('F49 of a script whose file is gone is the one that was applied', async () => {
        await using place = await openWorkplace(target);
        await place.executor(THREE).migrate();
        const result = await place.executor(THREE.slice(0, 2)).down();
        expect(result).toMatchObject({ success: true });
        expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE.slice(0, 2))));
      });
    }

    test('and forth again is redo', async () => {
      await using place = await openWorkplace(target);
      await place.executor(THREE).migrate();
      const changed: Draft = { ...migration('10', 'script', 'c'), up: [{ kind: 'create', table: 'c' }, { kind: 'insert', table: 'c', id: 9 }] };
      const drafts = THREE.with(2, changed);
      const result = await place.executor(drafts).redo();
      expect(result.errors).toEqual([]);
      expect(result.executed.map(({ id, direction }) => `${id} ${direction}`)).toEqual(['10 down', '10 up']);
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...drafts)));
      expect(await place.executor(drafts).validate()).toEqual([]);
    });
  });

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
      for (const version of ['1', '2', '10']) expect((await executor.mark({ version, as: 'applied' })).errors).toEqual([]);
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
