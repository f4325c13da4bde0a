import type { MigrationSession, Statement } from '@detent/core';
import { describe, expect, test } from 'vitest';
import { commandOf, type Op } from './draft.ts';
import type { ConformanceTarget } from './target.ts';
import { openWorkplace, References, type Tampering, type Workplace } from './workplace.ts';

const CREATE: Op = { kind: 'create', table: 'a' };
const INSERT = { kind: 'insert', table: 'a', id: 1 } as const satisfies Op;

/** The commands as the adapter's own parser reads them. */
async function statementsOf<Db>(
  { target, adapter }: Workplace<Db>,
  ...ops: readonly Op[]
): Promise<readonly Statement[]> {
  const text = ops.map((op) => `${commandOf(op, target.language)};\n`).join('');
  return (await adapter.parse({ text, file: 'V1_x.sql', part: 'up', placeholders: null })).up;
}

async function runAll<Db>(session: MigrationSession<Db>, statements: readonly Statement[]): Promise<void> {
  await session.execute(statements, 'V1_x.sql');
}

/** What `session.transaction` and `session.execute` owe. Scripts only; code goes through `run.ts`. */
export function describeTransactions<Db>(target: ConformanceTarget<Db>): void {
  const references = new References(target);

  describe('a transaction', () => {
    test('gives what its work gives', async () => {
      await using place = await openWorkplace(target);
      const session = await place.open();
      expect(await session.transaction({ statements: [] }, async () => 42)).toBe(42);
      await session.close();
    });

    test('is free again after work that threw', async () => {
      await using place = await openWorkplace(target);
      await place.apply([CREATE]);
      const session = await place.open();
      const failing = session.transaction({ statements: null }, async () => {
        throw new Error('on purpose');
      });
      await expect(failing).rejects.toThrow('on purpose');
      await session.transaction({ statements: null }, async () =>
        target.language.run(session.db, commandOf(INSERT, target.language)),
      );
      await session.close();
      expect(await place.database.digest()).toBe(await references.digestOf([CREATE, INSERT]));
    });

    test('of code is undone as far as the database can undo it', async () => {
      expect(await rollbackFlaws(target)).toEqual([]);
    });
  });

  if (target.language.commit !== null) describeEndedTransactions(target, target.language.commit);
  if (target.language.extension !== null) describeScripts(target, references);

  describe('the fingerprint', () => {
    test('tells schemas apart, and only schemas', async () => {
      expect(await fingerprintFlaws(target)).toEqual([]);
    });

    test("does not see Detent's own tables", async () => {
      await using place = await openWorkplace(target);
      await place.apply([CREATE]);
      const before = await fingerprintOf(place);
      const executor = place.executor([{ version: '1', form: 'script', up: [INSERT], down: null }]);
      expect((await executor.migrate()).errors).toEqual([]);
      await executor.close();
      expect(await fingerprintOf(place)).toBe(before);
    });
  });
}

/** What is wrong after code that wrote a row, with nothing refused by the server, and then threw. */
export async function rollbackFlaws<Db>(target: ConformanceTarget<Db>, tamper?: Tampering<Db>): Promise<string[]> {
  await using place = await openWorkplace(target, tamper);
  await place.apply([CREATE]);
  const session = await place.open();
  const { transactions } = session.capabilities;
  const work = session.transaction({ statements: null }, async () => {
    await target.language.run(session.db, commandOf(INSERT, target.language));
    throw new Error('on purpose');
  });
  const thrown = await work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  await session.close();
  const wanted = await new References(target).digestOf(transactions ? [CREATE] : [CREATE, INSERT]);
  return [
    ...(thrown === 'on purpose' ? [] : [`it threw ${thrown}`]),
    ...((await place.database.digest()) === wanted ? [] : ['the row does not stand as the capabilities say']),
  ];
}

/** What of the fingerprint is not as it should be. */
export async function fingerprintFlaws<Db>(target: ConformanceTarget<Db>, tamper?: Tampering<Db>): Promise<string[]> {
  const different: readonly (readonly Op[])[] = [
    [],
    [CREATE],
    [CREATE, { kind: 'add-column', table: 'a', column: 'x' }],
    [CREATE, { kind: 'add-column', table: 'a', column: 'y' }],
    [CREATE, { kind: 'create', table: 'b' }],
  ];
  const fingerprintAfter = async (trail: readonly Op[]): Promise<string> => {
    await using place = await openWorkplace(target, tamper);
    if (trail.length > 0) await place.apply(trail);
    return await fingerprintOf(place);
  };
  const seen = new Map<string, readonly Op[]>();
  const flaws: string[] = [];
  for (const trail of different) {
    const fingerprint = await fingerprintAfter(trail);
    if (seen.has(fingerprint))
      flaws.push(`${JSON.stringify(trail)} looks like ${JSON.stringify(seen.get(fingerprint))}`);
    seen.set(fingerprint, trail);
  }
  const roundabout = await fingerprintAfter([
    { kind: 'create', table: 'b' },
    CREATE,
    INSERT,
    { kind: 'drop', table: 'b' },
  ]);
  if (!seen.has(roundabout)) flaws.push('the same schema, made in another way, has another fingerprint');
  return flaws;
}

async function fingerprintOf<Db>(place: Workplace<Db>): Promise<string> {
  const session = await place.open({ readOnly: true });
  const fingerprint = await session.fingerprint();
  await session.close();
  return fingerprint;
}

function describeEndedTransactions<Db>(target: ConformanceTarget<Db>, commit: string): void {
  test('F32 a transaction that code ends by itself is noticed, and not believed', async () => {
    await using place = await openWorkplace(target);
    await place.apply([CREATE]);
    const session = await place.open();
    const work = session.transaction({ statements: null }, async () => target.language.run(session.db, commit));
    await expect(work).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
    await session.reset();
    expect(await session.transaction({ statements: [] }, async () => 'works again')).toBe('works again');
    await session.close();
  });
}

function describeScripts<Db>(target: ConformanceTarget<Db>, references: References<Db>): void {
  describe('a script', () => {
    test('commits its statements together', async () => {
      await using place = await openWorkplace(target);
      const session = await place.open();
      const statements = await statementsOf(place, CREATE, INSERT);
      await session.transaction({ statements }, () => runAll(session, statements));
      await session.close();
      expect(await place.database.digest()).toBe(await references.digestOf([CREATE, INSERT]));
    });

    test('undoes its statements when one is refused', async () => {
      await using place = await openWorkplace(target);
      await place.apply([CREATE]);
      const session = await place.open();
      const statements = await statementsOf(place, INSERT, { kind: 'refused' });
      const work = session.transaction({ statements }, () => runAll(session, statements));
      await expect(work).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
      await session.close();
      expect(await place.database.digest()).toBe(await references.digestOf([CREATE]));
    });

    test('that may go out at once tells what its statements came to, or throws what one failed by', async () => {
      await using place = await openWorkplace(target);
      await place.apply([CREATE]);
      const session = await place.open();
      const atOnce = async (...ops: readonly Op[]): Promise<readonly number[]> => {
        const statements = await statementsOf(place, ...ops);
        const told: number[] = [];
        const progress = { signal: new AbortController().signal, done: (index: number) => void told.push(index) };
        await session.transaction({ statements, atOnce: true }, async () => {
          await session.execute(statements, 'V1_x.sql', progress);
        });
        return told;
      };
      expect(await atOnce(INSERT)).toEqual([0]);
      await expect(atOnce({ ...INSERT, id: 2 }, { kind: 'refused' })).rejects.toMatchObject({
        code: 'STATEMENT_FAILED',
        facts: { place: { file: 'V1_x.sql', line: 2 } },
      });
      await session.close();
      expect(await place.database.digest()).toBe(await references.digestOf([CREATE, INSERT]));
    });

    test('undoes changes of the schema exactly where the capabilities say so', async () => {
      await using place = await openWorkplace(target);
      const session = await place.open();
      const { transactionalDdl } = session.capabilities;
      const statements = await statementsOf(place, CREATE, { kind: 'refused' });
      await expect(session.transaction({ statements }, () => runAll(session, statements))).rejects.toMatchObject({
        code: 'STATEMENT_FAILED',
      });
      await session.close();
      expect(await place.database.digest()).toBe(await references.digestOf(transactionalDdl ? [] : [CREATE]));
    });

    test('a refused statement names its place, its text and what the server said', async () => {
      await using place = await openWorkplace(target);
      const session = await place.open();
      const [, refused] = await statementsOf(place, CREATE, { kind: 'refused' });
      if (refused === undefined) throw new Error('The parser lost a statement.');
      const failure: unknown = await session.execute([refused], 'V1_x.sql').catch((thrown: unknown) => thrown);
      expect(failure).toMatchObject({
        code: 'STATEMENT_FAILED',
        facts: { place: { file: 'V1_x.sql', line: 2 }, statement: refused.text },
      });
      expect((failure as { facts: { server?: string } }).facts.server).toMatch(/\S/u);
      await session.close();
    });
  });
}
