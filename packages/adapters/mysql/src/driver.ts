/** The part of a connection of `mysql2/promise` that migrations need. */
export interface MysqlConnection {
  query(sql: string, values?: unknown): Promise<[unknown, unknown]>;
  execute(sql: string, values?: unknown): Promise<[unknown, unknown]>;
}

/** The part of a pool of mysql2 that is called here, with callbacks or with promises. */
export interface MysqlPool {
  // Either shape; which one it is shows when it is called.
  getConnection(callback?: (error: Error | null, connection: never) => void): unknown;
}

/** What is used of a connection of mysql2 underneath its promises. */
export interface CoreConnection {
  query(options: QueryOptions): QueryCommand;
  query(options: QueryOptions, callback: (error: Error | null, rows: unknown) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect' | 'end', listener: () => void): unknown;
  off(event: 'error' | 'connect' | 'end', listener: (...given: never[]) => void): unknown;
  pause(): void;
  resume(): void;
  end(callback: (error?: Error) => void): unknown;
  destroy(): void;
  /** A pool's connection only. */
  release?(): void;
  promise(): unknown;
  readonly threadId: number | null;
  readonly config: { readonly clientFlags?: number; readonly namedPlaceholders?: boolean };
  readonly stream: {
    destroy(): unknown;
    readonly destroyed: boolean;
    /** Where it is encrypted. */
    getPeerCertificate?(): unknown;
  };
}

export interface QueryOptions {
  readonly sql: string;
  readonly values: readonly unknown[] | null;
  readonly rowsAsArray?: boolean;
  readonly typeCast?:
    | boolean
    | ((field: { string(encoding?: string): string | null; buffer(): Buffer | null }) => unknown);
}

/** A command that tells what comes as it comes. */
export interface QueryCommand {
  on(event: 'fields', listener: (fields: readonly { readonly name: string }[] | undefined) => void): this;
  on(event: 'result', listener: (row: unknown, index?: number) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end', listener: () => void): this;
}

/** What the server says of a statement that gives no rows. */
export interface ResultHeader {
  readonly affectedRows: number;
  readonly info: string;
  readonly serverStatus: number;
}

/** The bit of the client's flags, and those of the server's status. */
export const MULTI_STATEMENTS = 65_536;
export const IN_TRANSACTION = 1;
export const AUTOCOMMIT = 2;
