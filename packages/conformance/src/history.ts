import {
  chainHash,
  findBrokenLink,
  LEDGER_START,
  type HistoryRow,
  type Intent,
  type LedgerLine,
  type MigrationSession,
  type MigrationState,
} from '@detent/core';
import { describe, expect, test } from 'vitest';
import type { ConformanceTarget } from './target.ts';
import { openWorkplace } from './workplace.ts';

const STATES: readonly MigrationState[] = [
  'running',
  'applied',
  'failed',
  'rolling_back',
  'rolled_back',
  'restoring',
  'unknown',
  'baseline',
];

function row(id: string, token: number, changes: Partial<HistoryRow> = {}): HistoryRow {
  return {
    id,
    version: id,
    name: 'create_users',
    kind: 'versioned',
    state: 'applied',
    file: `sub/V${id}_create_users.sql`,
    checksum: `v1:sha256:${'a'.repeat(64)}`,
    rawChecksum: `v1:sha256:${'b'.repeat(64)}`,
    appliedOrder: Number(id),
    finishedAt: 1_700_000_000_123,
    statementsTotal: 3,
    statementsDone: 3,
    statementHashes: ['0011', '2233', '4455'],
    intent: null,
    cursors: {},
    attempt: 1,
    token,
    runId: 'run-1',
    username: 'tester',
    startedAt: 1_700_000_000_000,
    durationMs: 123,
    result: null,
    errorCode: null,
    error: null,
    downSource: null,
    toolVersion: '0.0.0',
    ...changes,
  };
}

const INTENT: Intent = {
  statement: 2,
  hash: 'abcd',
  direction: 'up',
  kind: 'ddl',
  fingerprint: 'sha256:00',
  scope: '["a part"]',
  after: null,
  idempotent: false,
};

/** Text that something on the way to the database may spoil. */
const HARD_TEXT = `it's "quoted" \`so\`; -- not a comment\n/* nor this */ \\ \t ä ß 漢字 \u{1F600} $1 ? :name %s \${x}`;

function line(action: string, changes: Partial<LedgerLine> = {}): LedgerLine {
  return { at: 1_700_000_000_000, runId: 'run-1', actor: 'tester', action, id: null, detail: null, ...changes };
}

/** Gives `work` a session that holds the lock, with the tables made. */
async function holding<Db>(
  target: ConformanceTarget<Db>,
  work: (session: MigrationSession<Db>, token: number) => Promise<void>,
): Promise<void> {
  await using place = await openWorkplace(target);
  const session = await place.open();
  try {
    const attempt = await session.lock.tryAcquire({
      runId: 'run-1',
      username: 'tester',
      host: 'here',
      pid: process.pid,
    });
    if (attempt.kind === 'held') throw new Error('The lock of a new database is held.');
    await using lease = attempt.lease;
    await session.history.init();
    await work(session, lease.token);
  } finally {
    await session.close();
  }
}

export function describeHistory<Db>(target: ConformanceTarget<Db>): void {
  describe('the history', () => {
    test('on a database that nobody has migrated is empty, and looking makes nothing', async () => {
      await using place = await openWorkplace(target);
      const session = await place.open({ readOnly: true });
      expect(await session.history.read()).toEqual({ exists: false, entries: [] });
      expect(await session.history.load('1')).toBeNull();
      expect(await session.history.events(null)).toEqual([]);
      expect(await session.lock.holder()).toBeNull();
      await session.close();
      expect(await place.database.bookkeeping()).toBeNull();
    });

    test('is made once and then left as it is', () =>
      holding(target, async ({ history }, token) => {
        await history.save(row('1', token));
        await history.init();
        expect((await history.read()).entries).toHaveLength(1);
      }));

    test.each(STATES)('keeps a row that is %s as it was given', (state) =>
      holding(target, async ({ history }, token) => {
        const given = row('7', token, { state });
        await history.save(given);
        expect(await history.load('7')).toEqual(given);
      }),
    );

    test.each<[string, Partial<HistoryRow>]>([
      [
        'hard text',
        {
          name: HARD_TEXT,
          file: HARD_TEXT,
          username: HARD_TEXT,
          result: HARD_TEXT,
          error: HARD_TEXT,
          downSource: HARD_TEXT,
          errorCode: 'STATEMENT_FAILED',
        },
      ],
      [
        'nothing where nothing may stand',
        {
          version: null,
          kind: 'repeatable',
          checksum: null,
          rawChecksum: null,
          finishedAt: null,
          statementsTotal: null,
          durationMs: null,
        },
      ],
      ['an intent', { state: 'running', intent: INTENT }],
      [
        'an intent of code',
        {
          state: 'running',
          intent: { ...INTENT, statement: null, hash: null, kind: 'code', direction: 'down', idempotent: true },
        },
      ],
      ['places of batches', { cursors: { users: { cursor: [9_007_199_254_740_991, 'x', null], done: 12 } } }],
      ['a long text', { downSource: 'select 1;\n'.repeat(20_000) }],
      [
        'large numbers',
        {
          token: 1,
          appliedOrder: 2_000_000,
          startedAt: 8_640_000_000_000_000,
          durationMs: 4_000_000_000,
          attempt: 100_000,
        },
      ],
      ['empty texts', { name: '', result: '', downSource: '' }],
    ])('keeps %s', (_, changes) =>
      holding(target, async ({ history }, token) => {
        const given = row('3', token, { ...changes, token });
        await history.save(given);
        expect(await history.load('3')).toEqual(given);
      }),
    );

    test('F103 keeps versions of any length and of many parts apart', () =>
      holding(target, async ({ history }, token) => {
        const ids = ['20231102003600000001', '20231102003600000002', '1', '1.1', '1.10', 'R__view', 'R__View'];
        for (const [index, id] of ids.entries()) await history.save(row(id, token, { appliedOrder: index + 1 }));
        expect((await history.read()).entries.map(({ id }) => id)).toEqual(ids);
      }));

    test('replaces a row as a whole', () =>
      holding(target, async ({ history }, token) => {
        await history.save(row('1', token, { state: 'running', intent: INTENT, error: 'first', result: 'first' }));
        const second = row('1', token, { attempt: 2 });
        await history.save(second);
        expect(await history.load('1')).toEqual(second);
        expect((await history.read()).entries).toHaveLength(1);
      }));

    test('gives the entries in the order in which they were applied', () =>
      holding(target, async ({ history }, token) => {
        for (const [id, appliedOrder] of [
          ['3', 1],
          ['10', 3],
          ['2', 2],
        ] as const)
          await history.save(row(id, token, { appliedOrder }));
        expect((await history.read()).entries.map(({ id }) => id)).toEqual(['3', '2', '10']);
      }));

    test('F28 is gone with the transaction in which it was written', () =>
      holding(target, async (session, token) => {
        const { history } = session;
        const work = session.transaction({ statements: [] }, async () => {
          await history.save(row('1', token));
          await history.append(line('applied', { id: '1' }));
          throw new Error('on purpose');
        });
        await expect(work).rejects.toThrow('on purpose');
        expect(await history.load('1')).toBeNull();
        expect(await history.events(null)).toEqual([]);
      }));

    test('is there when its transaction is', () =>
      holding(target, async (session, token) => {
        await session.transaction({ statements: [] }, async () => {
          await session.history.save(row('1', token));
          expect((await session.history.load('1'))?.state).toBe('applied');
        });
        expect((await session.history.load('1'))?.state).toBe('applied');
      }));

    test("F13 refuses a row with a token that is not the lock's", () =>
      holding(target, async ({ history }, token) => {
        for (const wrong of [token - 1, token + 1])
          await expect(history.save(row('1', wrong))).rejects.toMatchObject({ code: 'LOCK_LOST' });
        expect(await history.load('1')).toBeNull();
      }));
  });

  describe('the ledger', () => {
    test('F108 is a chain of hashes that anyone can compute again', () =>
      holding(target, async ({ history }) => {
        const lines = [
          line('started', { id: '1' }),
          line(HARD_TEXT, { detail: HARD_TEXT, actor: HARD_TEXT }),
          line('applied', { id: '1', detail: '{}' }),
        ];
        for (const each of lines) await history.append(each);
        const events = await history.events(null);
        expect(
          events.map(({ seq, previousHash: _, hash: __, ...rest }) => (expect(seq).toBeGreaterThan(0), rest)),
        ).toEqual(lines);
        expect(events[0]?.previousHash).toBe(LEDGER_START);
        expect(events[1]?.hash).toBe(chainHash(events[0]?.hash ?? '', lines[1] ?? line('')));
        expect(findBrokenLink(events)).toBeNull();
        expect(
          findBrokenLink(
            events.map((event) => (event.seq === events[1]?.seq ? { ...event, detail: 'changed' } : event)),
          ),
        ).toBe(events[1]?.seq);
      }));

    test('gives its newest lines, oldest first', () =>
      holding(target, async ({ history }) => {
        for (const action of ['a', 'b', 'c', 'd']) await history.append(line(action));
        expect((await history.events(2)).map(({ action }) => action)).toEqual(['c', 'd']);
        expect((await history.events(9)).map(({ action }) => action)).toEqual(['a', 'b', 'c', 'd']);
      }));
  });

  describe("a table that is not Detent's", () => {
    test.each(Object.keys(target.language.foreignHistories))('%s is left alone', async (name) => {
      await using place = await openWorkplace(target);
      await place.database.query(...(target.language.foreignHistories[name] ?? []));
      const before = await place.database.bookkeeping();
      const session = await place.open({ readOnly: true });
      await expect(session.history.read()).rejects.toMatchObject({ code: 'HISTORY_FOREIGN' });
      await session.close();
      expect(await place.database.bookkeeping()).toBe(before);
    });
  });

  test('two histories under two names do not see each other', async () => {
    await using place = await openWorkplace(target);
    const table = 'schema_version_other';
    const [first, second] = [await place.open(), await place.open({ table })];
    const attempt = await first.lock.tryAcquire({ runId: 'r', username: 'u', host: 'h', pid: process.pid });
    if (attempt.kind === 'held') throw new Error('The lock was held.');
    await first.history.init();
    await first.history.save(row('1', attempt.lease.token));
    expect(await second.history.read()).toEqual({ exists: false, entries: [] });
    await attempt.lease[Symbol.asyncDispose]();
    await first.close();
    await second.close();
  });
}
