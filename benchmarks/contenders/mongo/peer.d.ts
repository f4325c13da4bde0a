declare module 'migrate-mongo' {
  import type { Db, MongoClient } from 'mongodb';

  export const config: { set(config: Readonly<Record<string, unknown>>): void };
  export const database: { connect(): Promise<{ readonly db: Db; readonly client: MongoClient }> };
  /** The files that it ran. */
  export function up(db: Db, client: MongoClient): Promise<readonly string[]>;
}
