/** The part of a connected client of `pg` that migrations need. */
export interface PgClient {
  query<Row extends Record<string, unknown> = Record<string, unknown>>(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: Row[]; readonly rowCount?: number | null }>;
}

/** The part of a pool of `pg` that is called here. */
export interface PgPool<Client extends PgClient = PgClient> {
  connect(): Promise<Client & { release(destroy?: boolean | Error): void }>;
}

/** The part of a PGlite database that is called here. */
export interface PgliteDatabase {
  query<Row extends Record<string, unknown> = Record<string, unknown>>(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: Row[] }>;
  exec(text: string): Promise<unknown>;
  execProtocol(
    message: Uint8Array,
    options?: { readonly throwOnError?: boolean },
  ): Promise<{ readonly messages: readonly unknown[] }>;
  runExclusive<T>(work: () => Promise<T>): Promise<T>;
  readonly waitReady: Promise<void>;
  readonly closed: boolean;
}

/** What is used of a client of `pg` beyond what migrations need: the protocol's own messages. */
export interface RawClient extends PgClient {
  connect(): Promise<unknown>;
  end(): Promise<void>;
  query(submittable: Submittable): unknown;
  query<Row extends Record<string, unknown> = Record<string, unknown>>(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: Row[]; readonly rowCount?: number | null }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'error' | 'end', listener: (...given: never[]) => void): unknown;
  readonly processID: number | null;
  readonly readyForQuery?: boolean;
  readonly connection: RawConnection;
}

export interface RawConnection {
  query(text: string): void;
  sendCopyFail(message: string): void;
  endCopyFrom(): void;
  on(event: string, listener: (message: ServerMessage) => void): unknown;
  off(event: string, listener: (message: ServerMessage) => void): unknown;
  readonly stream: RawStream;
}

/** The socket, plain or encrypted. */
export interface RawStream {
  destroy(error?: Error): unknown;
  pause(): unknown;
  resume(): unknown;
  /** False when the other side takes no more for now; `drain` says when it does. */
  write(bytes: Uint8Array): boolean;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'data', listener: (bytes: Buffer) => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
  listeners(event: 'data'): readonly unknown[];
}

/** What a client of `pg` takes in place of a text: it sends for itself and hears every message of the answer. */
export interface Submittable {
  submit(connection: RawConnection): Error | null;
  handleRowDescription(message: ServerMessage): void;
  handleDataRow(message: ServerMessage): void;
  handleCommandComplete(message: ServerMessage): void;
  handleEmptyQuery(): void;
  handlePortalSuspended(): void;
  handleCopyInResponse(connection: RawConnection): void;
  handleCopyData(): void;
  handleReadyForQuery(): void;
  handleError(error: Error): void;
}

/** A message of the server as both drivers parse it; which fields are there depends on `name`. */
export interface ServerMessage {
  readonly name: string;
  readonly fields?: readonly unknown[];
  readonly text?: string;
  readonly status?: string;
  readonly parameterName?: string;
  readonly parameterValue?: string;
  readonly mechanisms?: readonly string[];
}
