import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { executorOn, flawsOf, openPlace, type Place } from './fixtures/places.ts';
import { start } from './fixtures/processes.ts';
import { figure, sized } from '@detent/tests/size';

const ROUNDS = sized(5, 50);
const COUNT = 6;
const LEASE = { leaseMs: 1_500, heartbeatMs: 375 };

interface Case {
  readonly pooled: boolean;
  readonly pauses: 'between' | 'inside';
  /** The lease ends by itself, or the holder is fenced off. */
  readonly by: 'lease' | 'fence';
}

const CASES: readonly Case[] = [
  { pooled: true, pauses: 'between', by: 'lease' },
  { pooled: false, pauses: 'between', by: 'fence' },
  { pooled: true, pauses: 'inside', by: 'fence' },
  { pooled: false, pauses: 'inside', by: 'fence' },
];

async function digestOf({ database }: Place): Promise<string> {
  const tables = await database.query(
    "SELECT string_agg(relname, ',' ORDER BY relname) AS t FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
  );
  const rows = await database.query('SELECT h::text FROM schema_version h ORDER BY id');
  const lines = await database.query('SELECT e::text FROM schema_version_event e ORDER BY seq');
  const total = await database.query('SELECT n::text FROM total');
  return JSON.stringify([tables, rows, lines, total]);
}

/** What went wrong. */
async function round(place: Place, url: string, { pauses, by }: Case): Promise<readonly string[]> {
  const holder = start({ url, lease: LEASE, count: COUNT, pauses });
  await holder.said('paused');
  holder.process.kill('SIGSTOP');
  await sleep(LEASE.leaseMs * 1.5);
  const flaws: string[] = [];
  {
    await using executor = executorOn(url, { count: COUNT, lease: LEASE, waitMs: 15_000 });
    if (by === 'fence' && (await executor.unlock({ fence: true })) === null) flaws.push('unlock found no holder');
    const { errors } = await executor.migrate();
    flaws.push(...errors.map(({ code, message }) => `the other run: ${code}: ${message}`));
  }
  const before = await digestOf(place);
  holder.process.kill('SIGCONT');
  holder.poke();
  const report = await holder.ended();
  if (![5, 69, 75].includes(report?.exit ?? -1)) flaws.push(`the holder ended with ${JSON.stringify(report)}`);
  if ((await digestOf(place)) !== before) flaws.push('the holder wrote after it had lost the lock');
  return [...flaws, ...(await flawsOf(place, COUNT))];
}

test(
  `F11 F13 a frozen holder that another has replaced gets no statement accepted when it wakes, ${ROUNDS} times`,
  { timeout: 900_000 },
  async ({ annotate }) => {
    const took = { lease: 0, fence: 0, pooled: 0 };
    for (let index = 0; index < ROUNDS; index += 1) {
      await using place = await openPlace();
      // What could not get its pooler is told at the end of the run.
      const cases = CASES.filter(({ pooled }) => !pooled || place.pooledUrl !== null);
      const chosen = cases[index % cases.length];
      const url = chosen?.pooled === true ? place.pooledUrl : place.database.url;
      if (chosen === undefined || url === null) continue;
      const flaws = await round(place, url, chosen);
      expect(flaws.map((flaw) => `round ${index + 1}, ${JSON.stringify(chosen)}: ${flaw}`)).toEqual([]);
      took[chosen.by] += 1;
      if (chosen.pooled) took.pooled += 1;
    }
    if (took.pooled === 0) await annotate('There is no PgBouncer here, so every holder was a direct one.');
    figure(`frozen holders: ${JSON.stringify(took)}`);
  },
);

test('F13 a frozen holder that has a session keeps the lock: others wait, name it, and it goes on when it wakes', async () => {
  await using place = await openPlace();
  const { url } = place.database;
  const holder = start({ url, lease: LEASE, count: COUNT, pauses: 'between' });
  await holder.said('paused');
  holder.process.kill('SIGSTOP');
  {
    await using executor = executorOn(url, { count: COUNT, lease: LEASE, waitMs: 2 * LEASE.leaseMs });
    const { errors, executed } = await executor.migrate();
    expect([errors.map(({ code }) => code), executed]).toEqual([['LOCK_HELD'], []]);
    expect(errors[0]?.facts['holder']).toMatchObject({ pid: holder.process.pid, username: 'tester' });
    expect(errors[0]?.hint).toContain('unlock --fence');
  }
  holder.process.kill('SIGCONT');
  holder.poke();
  expect(await holder.ended()).toMatchObject({ exit: 0, errors: [] });
  expect(await flawsOf(place, COUNT)).toEqual([]);
}, 60_000);
