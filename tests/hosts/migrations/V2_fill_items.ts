import { setTimeout as sleep } from 'node:timers/promises';

interface Client {
  query(sql: string): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
}

/** As slow as the test wants: it goes on when the table `gate`, which is not of these migrations, says so. */
export async function up(db: Client, _: unknown, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  const isOpen = async (): Promise<boolean> =>
    (await db.query('SELECT is_open FROM gate')).rows[0]?.['is_open'] === true;
  while (!(await isOpen())) await sleep(20, undefined, { signal });
  await db.query("INSERT INTO items VALUES (1, 'one'), (2, 'two')");
  await db.query('UPDATE gate SET runs = runs + 1');
}

export async function down(db: Client): Promise<void> {
  await db.query('DELETE FROM items');
}
