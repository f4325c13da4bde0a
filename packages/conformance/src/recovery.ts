import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode, HistoryRow, Intent, Lease, MigrationSession } from '@detent/core';
import { describe, expect, test } from 'vitest';
import { idOf, type Draft, type Op } from './draft.ts';
import { startRunner } from './process.ts';
import { statesOf } from './strategies.ts';
import type { ConformanceTarget } from './target.ts';
import { openWorkplace, References, type Workplace } from './workplace.ts';

const PIECES: readonly Op[] = [
  { kind: 'create', table: 'a' },
  { kind: 'insert', table: 'a', id: 1 },
  { kind: 'add-column', table: 'a', column: 'extra' },
  { kind: 'insert', table: 'a', id: 2 },
];

/** A migration that runs piece by piece, so that a run can die in the middle of it. */
const IN_PIECES: Draft = {
  version: '1',
  form: 'script',
  up: PIECES,
  down: [{ kind: 'drop', table: 'a' }],
  transaction: 'none',
};
const CODE: Draft = { ...IN_PIECES, form: 'code' };

/** Lets a process die at `pauseAt` for certain: after it said that it stands there. */
async function dieAt<Db>(
  { target, database, folder }: Workplace<Db>,
  drafts: readonly Draft[],
  pauseAt: string,
): Promise<void> {
  const runner = startRunner({ module: target.module, url: database.url, folder, drafts, pauseAt });
  await runner.said('paused');
  runner.process.kill('SIGKILL');
  await runner.ended();
}

/** Changes the row that a dead run left, as a run that died elsewhere would have left it. */
async function rewrite<Db>(
  place: Workplace<Db>,
  id: string,
  change: (row: HistoryRow, fingerprint: string) => Partial<HistoryRow>,
): Promise<void> {
  const session = await place.open();
  const lease = await takeFreed(session);
  const row = await session.history.load(id);
  if (row === null) throw new Error(`There is no row ${id}.`);
  await session.history.save({ ...row, ...change(row, await session.fingerprint()), token: lease.token });
  await lease[Symbol.asyncDispose]();
  await session.close();
}

/** A server takes a moment to notice that a process is gone. */
async function takeFreed<Db>({ lock }: MigrationSession<Db>): Promise<Lease> {
  const owner = { runId: 'rewrite', username: 'tester', host: 'here', pid: process.pid };
  for (const end = Date.now() + 5_000; Date.now() < end; await sleep(20)) {
    const attempt = await lock.tryAcquire(owner);
    if (attempt.kind === 'acquired') return attempt.lease;
  }
  throw new Error('The lock of a dead run is held.');
}

function intent(changes: Partial<Intent>): Intent {
  return {
    statement: null,
    hash: null,
    direction: 'up',
    kind: 'ddl',
    fingerprint: 'sha256:of another schema',
    scope: null,
    after: null,
    idempotent: false,
    ...changes,
  };
}

const patient = { timeout: 120_000 };

/** What the next start does about a dead run: the table in adapters.md. */
export function describeRecovery<Db>(target: ConformanceTarget<Db>): void {
  const references = new References(target);

  describe('a run that died', () => {
    test('in code without a transaction is for a person to settle', patient, async () => {
      await using place = await openWorkplace(target);
      await dieAt(place, [CODE], 'before the command add-column');
      const result = await place.executor([CODE]).migrate();
      expect(result.errors.map(({ code }) => code)).toEqual(['UNKNOWN_STATE'] satisfies ErrorCode[]);
      expect(result.executed).toEqual([]);
      expect(await place.database.digest()).toBe(await references.digestOf(PIECES.slice(0, 2)));
    });

    test('before its first transaction left nothing', patient, async () => {
      await using place = await openWorkplace(target);
      await dieAt(place, [IN_PIECES], 'after making the tables');
      expect(await statesOf(place)).toEqual({});
      expect((await place.executor([IN_PIECES]).migrate()).executed.map(({ id }) => id)).toEqual([idOf(IN_PIECES)]);
    });

    test('is seen by those who only look, and changed by none of them', patient, async () => {
      await using place = await openWorkplace(target);
      await dieAt(place, [CODE], 'before the command add-column');
      const before = await place.database.bookkeeping();
      const executor = place.executor([CODE]);
      expect((await executor.status()).migrations.map(({ status }) => status)).toEqual(['running']);
      await executor.plan();
      await executor.verify();
      expect(await place.database.bookkeeping()).toBe(before);
    });
  });
  if (target.language.extension !== null) describeInterruptedScripts(target, references);
}

function describeInterruptedScripts<Db>(target: ConformanceTarget<Db>, references: References<Db>): void {
  /** Where the history of `PIECES` may stand when a run dies: after so many of them. */
  const stoppedAfter = async (place: Workplace<Db>, done: number): Promise<void> => {
    await dieAt(place, [IN_PIECES], `before the statement in line ${done + 3} of V1_m1`);
  };

  describe('a script without a transaction that died', () => {
    test.each([0, 1, 2, 3])(
      'F26 after %i of 4 statements is finished, and no statement runs twice',
      patient,
      async (done) => {
        await using place = await openWorkplace(target);
        await stoppedAfter(place, done);
        // That it began may be written with the first statement.
        const states = [{ 1: 'running' }, ...(done === 0 ? [{}] : [])];
        expect(states).toContainEqual(await statesOf(place));
        const result = await place.executor([IN_PIECES]).migrate();
        expect(result.errors.map(({ message }) => message)).toEqual([]);
        expect(await place.database.digest()).toBe(await references.digestOf(PIECES));
      },
    );

    test('in a statement that changed the schema already goes on after it', patient, async () => {
      await using place = await openWorkplace(target);
      await stoppedAfter(place, 2);
      await place.apply(PIECES.slice(2, 3));
      await rewrite(place, '1', () => ({ intent: intent({ statement: 2, hash: 'x' }) }));
      const result = await place.executor([IN_PIECES]).migrate();
      // The hash of a statement that cannot be told from the file's is an edit.
      expect(result.errors.map(({ code }) => code)).toEqual(['CHECKSUM']);
    });

    test('F27 in a statement that did not change the schema runs it again', patient, async () => {
      await using place = await openWorkplace(target);
      await stoppedAfter(place, 2);
      await rewrite(place, '1', (_, fingerprint) => ({ intent: intent({ statement: 2, fingerprint }) }));
      expect((await place.executor([IN_PIECES]).migrate()).errors.map(({ message }) => message)).toEqual([]);
      expect(await place.database.digest()).toBe(await references.digestOf(PIECES));
    });

    test(
      'F26 in rows without a transaction is for a person to settle, and both answers are taken',
      patient,
      async () => {
        for (const { as, byHand, end } of [
          { as: 'applied', byHand: [], end: PIECES.slice(0, 2) },
          { as: 'rolled_back', byHand: IN_PIECES.down ?? [], end: PIECES },
        ] as const) {
          await using place = await openWorkplace(target);
          await stoppedAfter(place, 2);
          await rewrite(place, '1', () => ({ intent: intent({ kind: 'data', statement: 2 }) }));
          const executor = place.executor([IN_PIECES]);
          const result = await executor.migrate();
          expect(result.errors.map(({ code }) => code)).toEqual(['UNKNOWN_STATE']);
          expect(result.errors[0]?.hint).toContain('detent resolve 1');
          expect(await statesOf(place)).toEqual({ 1: 'unknown' });
          expect((await executor.migrate()).errors.map(({ code }) => code)).toEqual(['UNKNOWN_STATE']);
          await place.apply(byHand);
          expect((await executor.resolve({ version: '1', as })).errors).toEqual([]);
          expect((await executor.migrate()).errors).toEqual([]);
          expect(await place.database.digest()).toBe(await references.digestOf(end));
        }
      },
    );

    test('F49 whose done statements were edited since does not go on', patient, async () => {
      await using place = await openWorkplace(target);
      await stoppedAfter(place, 2);
      const before = await place.database.digest();
      const edited: Draft = { ...IN_PIECES, up: PIECES.with(1, { kind: 'insert', table: 'a', id: 9 }) };
      expect((await place.executor([edited]).migrate()).errors.map(({ code }) => code)).toEqual(['CHECKSUM']);
      expect(await place.database.digest()).toBe(before);
    });

    test('whose later statements were mended since goes on with them', patient, async () => {
      await using place = await openWorkplace(target);
      await stoppedAfter(place, 2);
      const mended: Draft = { ...IN_PIECES, up: PIECES.with(3, { kind: 'insert', table: 'a', id: 9 }) };
      expect((await place.executor([mended]).migrate()).errors.map(({ message }) => message)).toEqual([]);
      expect(await place.database.digest()).toBe(await references.digestOf(mended.up));
    });
  });
}
