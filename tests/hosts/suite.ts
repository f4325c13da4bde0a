import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPostgresDatabase, postgresServer, type PostgresDatabase } from '../servers/postgres.ts';
import { quietPort, startHost, type Host, type HostProgram, type Response } from './host.ts';
import type { HostJob } from './job.ts';

export interface Hosting extends HostProgram {
  /** How many processes start at once, and how many are stopped, where the run is no long one; 16 and 30 in long ones. */
  readonly replicas: number;
  readonly rounds: number;
  /** Somebody listens from the first answer to the end. */
  readonly isAlwaysThere: boolean;
}

const LONG = process.env['DETENT_TEST_LONG'] === '1';
const ITEMS = [
  { id: 1, name: 'one' },
  { id: 2, name: 'two' },
];

interface Place extends AsyncDisposable {
  readonly database: PostgresDatabase;
  start(job?: Partial<HostJob>): Promise<Host>;
  openGate(): Promise<void>;
}

async function openPlace(hosting: Hosting, isOpen = false): Promise<Place | null> {
  const server = await postgresServer('18');
  if (server === null) return null;
  const database = await createPostgresDatabase(server);
  await database.query('CREATE TABLE gate (is_open boolean, runs integer)', `INSERT INTO gate VALUES (${isOpen}, 0)`);
  const hosts: Host[] = [];
  return {
    database,
    start: async (job = {}) => {
      const host = startHost(hosting, {
        url: database.url,
        port: await quietPort(),
        migrations: folder('migrations'),
        onFailure: 'exit',
        closesItself: false,
        ...job,
      });
      hosts.push(host);
      return host;
    },
    openGate: async () => void (await database.query('UPDATE gate SET is_open = true')),
    [Symbol.asyncDispose]: async () => {
      for (const host of hosts) host.signal('SIGKILL');
      await Promise.all(hosts.map((host) => host.ended()));
      await database.drop();
    },
  };
}

const folder = (name: string): string => join(import.meta.dirname, name);
const kindOf = ({ body }: Response): unknown => (body as { readonly status?: unknown } | null)?.status;
const isReady = ({ status }: Response): boolean => status === 200;

/** Asks again and again, and gives every status, until the application answers by itself. */
async function hammer(host: Host, isAlwaysThere: boolean): Promise<ReadonlySet<number>> {
  const seen = new Set<number>();
  for (;;) {
    const response = await host.get('/items');
    if (response === null && isAlwaysThere) throw new Error('Nobody listened.');
    if (response !== null) seen.add(response.status);
    if (response?.status === 200) return seen;
    await sleep(5);
  }
}

/** What every framework must do, whichever it is. The database is PostgreSQL 18. */
export function describeHost(hosting: Hosting): void {
  const replicas = LONG ? 16 : hosting.replicas;
  const rounds = LONG ? 30 : hosting.rounds;

  test(
    `F109 F110 ${replicas} processes that start at once migrate once, and no request gets through before`,
    { timeout: 240_000 },
    async () => {
      await using place = await openPlace(hosting);
      if (place === null) return;
      const hosts = await Promise.all(Array.from({ length: replicas }, () => place.start()));
      const kinds = await Promise.all(
        hosts.map((host) =>
          host.until('/readyz', (answer) => ['migrating', 'waiting'].includes(String(kindOf(answer)))),
        ),
      );
      expect(kinds.map((answer) => String(kindOf(answer))).toSorted()).toEqual([
        'migrating',
        ...Array(replicas - 1).fill('waiting'),
      ]);
      for (const host of hosts) {
        expect(await host.get('/livez')).toMatchObject({ status: 200 });
        expect(await host.get('/readyz')).toMatchObject({ status: 503 });
        const refused = await host.get('/items');
        expect(refused).toMatchObject({ status: 503, body: { title: 'Service Unavailable' } });
        expect(refused?.headers.get('content-type')).toBe('application/problem+json');
        expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
      }

      const hammering = hosts.map((host) => hammer(host, hosting.isAlwaysThere));
      await place.openGate();
      const seen = await Promise.all(hammering);
      expect(
        [...new Set(seen.flatMap((statuses) => [...statuses]))].filter((status) => ![200, 503].includes(status)),
      ).toEqual([]);
      for (const host of hosts) {
        expect(await host.until('/readyz', isReady)).toMatchObject({ body: { status: 'ready' } });
        expect(await host.get('/livez')).toMatchObject({ status: 200 });
        expect(await host.get('/items')).toMatchObject({ status: 200, body: ITEMS });
      }
      const rows = await place.database.query('SELECT runs FROM gate');
      expect(rows).toEqual([{ runs: 1 }]);
      const history = await place.database.query('SELECT version, state FROM schema_version ORDER BY version');
      expect(history).toEqual(['1', '2'].map((version) => ({ version, state: 'applied' })));
    },
  );

  test(
    `a process that is told to stop at any of ${rounds} moments ends, and the next start is clean`,
    { timeout: 600_000 },
    async () => {
      for (let round = 0; round < rounds; round += 1) {
        await using place = await openPlace(hosting, round % 3 === 1);
        if (place === null) return;
        const ms = Math.round(Math.random() * 1_000);
        const stopped = await place.start({ closesItself: round % 2 === 1 });
        // The first is stopped while it migrates for certain, the others wherever they are.
        if (round === 0) await stopped.until('/readyz', (answer) => kindOf(answer) === 'migrating');
        else await sleep(ms);
        const from = performance.now();
        stopped.signal('SIGTERM');
        const { code, signal, stderr } = await stopped.ended();
        expect(performance.now() - from).toBeLessThan(10_000);
        const when = round === 0 ? 'while it migrated' : `after ${ms} ms`;
        expect(stderr, when).toBe('');
        expect([0, 'SIGTERM'], when).toContain(code ?? signal);
        await place.openGate();
        const next = await place.start();
        expect(await next.until('/items', isReady)).toMatchObject({ body: ITEMS });
        expect(await place.database.query('SELECT runs FROM gate')).toEqual([{ runs: 1 }]);
      }
    },
  );

  test('F112 a migration that fails ends the process, which says what failed', { timeout: 60_000 }, async () => {
    await using place = await openPlace(hosting);
    if (place === null) return;
    const { code, stderr } = await (await place.start({ migrations: folder('broken') })).ended();
    expect(code).toBe(1);
    expect(stderr).toContain('broken/V1_create_items.sql:2:');
    expect(stderr).toContain('column "nmae" does not exist');
    expect(stderr).not.toContain(new URL(place.database.url).password);
    const refused = await (await place.start({ migrations: folder('refused') })).ended();
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('items.sql is not a migration');
  });

  test(
    'where that is chosen, a process whose migration failed answers 503 until it is told to stop',
    { timeout: 60_000 },
    async () => {
      await using place = await openPlace(hosting);
      if (place === null) return;
      const host = await place.start({ migrations: folder('broken'), onFailure: 'serve-503' });
      const failed = await host.until('/readyz', (answer) => kindOf(answer) === 'failed');
      expect(failed).toMatchObject({ status: 503, body: { status: 'failed' } });
      expect(await host.get('/livez')).toMatchObject({ status: 200 });
      const refused = await host.get('/items');
      expect(refused).toMatchObject({ status: 503, body: { detail: 'The database could not be migrated.' } });
      host.signal('SIGTERM');
      const { stderr } = await host.ended();
      expect(stderr).toContain('column "nmae" does not exist');
    },
  );
}

/** `GET /migrations` shows the status to who says `Bearer operator`. */
export function describeStatus(hosting: Hosting): void {
  test('the status is shown to nobody but who may see it', { timeout: 60_000 }, async () => {
    await using place = await openPlace(hosting, true);
    if (place === null) return;
    const host = await place.start();
    await host.until('/readyz', isReady);
    expect(await host.get('/migrations')).toMatchObject({ status: 404 });
    expect(await host.get('/migrations', { authorization: 'Bearer guest' })).toMatchObject({ status: 404 });
    const shown = await host.get('/migrations', { authorization: 'Bearer operator' });
    expect(shown).toMatchObject({ status: 200, body: { version: '2', counts: { applied: 2, pending: 0 } } });
  });
}
