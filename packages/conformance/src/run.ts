import type { LifecycleEvent } from '@detent/core';
import { describe, expect, test } from 'vitest';
import type { Draft, Op } from './draft.ts';
import { statesOf } from './strategies.ts';
import type { ConformanceTarget } from './target.ts';
import { openWorkplace, References } from './workplace.ts';

export function migration(version: string, form: Draft['form'], table: string): Draft {
  return {
    version,
    form,
    up: [
      { kind: 'create', table },
      { kind: 'insert', table, id: 1 },
    ],
    down: [{ kind: 'drop', table }],
  };
}

export const THREE: readonly Draft[] = [
  migration('1', 'script', 'a'),
  migration('2', 'code', 'b'),
  migration('10', 'script', 'c'),
];

const DROP_LEDGER: Op = { kind: 'drop', table: 'schema_version_event' };

const quiet = (): void => undefined;

export function upOf(...drafts: readonly Draft[]): Op[] {
  return drafts.flatMap(({ up }) => up);
}

/** What `migrate` and looking owe on this database, with scripts and code in one history. */
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
      const broken = THREE.with(1, {
        ...migration('2', 'code', 'b'),
        up: [{ kind: 'create', table: 'b' }, { kind: 'refused' }],
      });
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
      const repeatable: Draft = {
        version: '7',
        form: 'repeatable',
        up: [
          { kind: 'remove', table: 'a', id: 5 },
          { kind: 'insert', table: 'a', id: 5 },
        ],
        down: null,
      };
      const drafts = [repeatable, ...THREE];
      expect((await place.executor(drafts).migrate()).executed.map(({ id }) => id)).toEqual(['1', '2', '10', 'R__r7']);
      expect((await place.executor(drafts).migrate()).executed).toEqual([]);
      const changed: Draft = { ...repeatable, up: [...repeatable.up, { kind: 'insert', table: 'a', id: 6 }] };
      expect((await place.executor([changed, ...THREE]).migrate()).executed.map(({ id }) => id)).toEqual(['R__r7']);
      expect(await place.database.digest()).toBe(
        await references.digestOf([
          ...upOf(...THREE),
          { kind: 'insert', table: 'a', id: 5 },
          { kind: 'insert', table: 'a', id: 6 },
        ]),
      );
    });

    test('tells its events in the order of the lifecycle', async () => {
      await using place = await openWorkplace(target);
      const hasBackups = target.limits?.backups === undefined;
      const executor = place.executor(THREE, { rollback: hasBackups ? 'backup' : 'none' });
      const heard: LifecycleEvent['kind'][] = [];
      executor.on('*', ({ kind }) => heard.push(kind));
      await executor.migrate();
      const order = [
        'run-started',
        'lock-acquired',
        'planned',
        ...(hasBackups ? (['backup-started', 'backup-finished'] as const) : []),
        'step-started',
        'step-finished',
        'run-finished',
      ] as const;
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
      const executor = place.executor(THREE, {
        hooks: { afterEach: ({ step }) => (step.id === '1' ? stop.abort() : undefined) },
      });
      const result = await executor.migrate({ signal: stop.signal });
      expect(result.errors.map(({ code }) => code)).toEqual(['CANCELLED']);
      expect(await place.database.digest()).toBe(await references.digestOf(upOf(...THREE.slice(0, 1))));
      expect((await place.executor(THREE).migrate()).success).toBe(true);
    });

    test.each(target.language.extension === null ? [] : (['script', 'code'] as const))(
      'leaves nothing of a step whose record is refused: %s',
      async (form) => {
        await using place = await openWorkplace(target);
        const first = migration('1', 'script', 'a');
        const second: Draft = { version: '2', form, up: [{ kind: 'insert', table: 'a', id: 2 }], down: null };
        const executor = place.executor([first, second], {
          hooks: {
            beforeEach: ({ step }) => (step.id === '2' ? place.apply([DROP_LEDGER]) : undefined),
          },
        });
        const result = await executor.migrate();
        expect(result).toMatchObject({ success: false, failed: { id: '2' } });
        expect(result.executed.map(({ id }) => id)).toEqual(['1']);
        expect(await place.database.digest()).toBe(await references.digestOf(upOf(first)));
      },
    );

    test('begins a ledger that was taken away anew, and says so', async () => {
      await using place = await openWorkplace(target);
      await place.executor(THREE.slice(0, 1)).migrate();
      await place.apply([DROP_LEDGER]);
      const warned: string[] = [];
      const logger = { debug: quiet, info: quiet, warn: (message: string) => warned.push(message), error: quiet };
      const executor = place.executor(THREE, { logger });
      expect((await executor.migrate()).errors).toEqual([]);
      expect(warned).toEqual([expect.stringContaining('schema_version_event')]);
      expect((await executor.history()).map(({ action }) => action)).toContain('run-started');
      expect((await executor.verify()).problems).toEqual([]);
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
}
