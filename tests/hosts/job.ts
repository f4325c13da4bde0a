import { Client } from 'pg';

/** What an application under test is told. */
export interface HostJob {
  readonly url: string;
  readonly port: number;
  readonly migrations: string;
  readonly onFailure: 'exit' | 'serve-503';
  /** It listens to SIGTERM, as applications do that finish what they are at. */
  readonly closesItself: boolean;
}

/** What `GET /items` answers: the rows that the migrations made. */
export async function listItems(url: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>('SELECT id, name FROM items ORDER BY id')).rows;
  } finally {
    await client.end();
  }
}
