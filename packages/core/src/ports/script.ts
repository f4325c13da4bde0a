/**
 * A migration written as text in the database's own language, read into statements.
 * Core never looks inside a statement; the adapter's parser has said everything that core needs.
 */
export interface ParsedScript {
  readonly up: readonly Statement[];
  /** `null` when there is no way back, or a blank one. An empty list has a comment in it: a way back that does nothing. */
  readonly down: readonly Statement[] | null;
  /** The text of the down part as it would be read again; `null` with `down`. Kept in the history. */
  readonly downText: string | null;
  readonly directives: Directives;
  /** Remarks that refuse nothing, e.g. that the file's own BEGIN and COMMIT were taken over. */
  readonly notes: readonly ScriptNote[];
}

export interface ScriptNote {
  readonly message: string;
  readonly line: number;
}

export interface Statement {
  /** What is sent, verbatim, without its terminator. */
  readonly text: string;
  /** 1-based place in the file of the first character of `text`. */
  readonly line: number;
  readonly column: number;
  readonly kind: StatementKind;
  /** False for a statement that the server refuses inside a transaction. */
  readonly transactional: boolean;
  /** What it would destroy, as written after `detent:allow`, e.g. `drop-table`; `null` when nothing. */
  readonly destroys: string | null;
  /** What it leaves in the connection beyond schema and rows; `null` when nothing. */
  readonly leaves: Leaving | null;
  /** `null` where its words do not tell. */
  readonly effect: Effect | null;
}

export type Leaving =
  /** Can be made again in another connection by running the statement again. */
  | { readonly kind: 'setting' }
  /** Cannot, such as a temporary table or a variable that was computed. */
  | { readonly kind: 'value'; readonly name: string };

/** What a statement does to what. The opposite of it makes what it takes away, on the same thing. */
export interface Effect {
  readonly change: 'makes' | 'takes away' | 'alters';
  /** From the whole to the part: `['table a', 'rows']`. Who makes the whole makes all that is in it. Empty: nothing. */
  readonly on: readonly string[];
}

/**
 * `ddl` changes the schema, `data` the rows, `query` nothing, `session` the connection's settings;
 * `transaction` begins or ends one.
 */
export type StatementKind = 'ddl' | 'data' | 'query' | 'session' | 'transaction';

/** What a file says of itself in `detent:` comments. Absent means: as configured. */
export interface Directives {
  readonly transaction?: 'each' | 'none';
  readonly lockTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  /** Running it twice does what running it once does. */
  readonly idempotent?: boolean;
  /** Kinds of destruction that the author has looked at. */
  readonly allow?: readonly string[];
}

export interface ScriptText {
  readonly text: string;
  /** For messages only. */
  readonly file: string;
  /** `whole`: markers split it into up and down. `up`, `down`: one file of a pair; markers are errors. */
  readonly part: 'whole' | 'up' | 'down';
  /** Values for `${name}`; `null` leaves `${` alone. */
  readonly placeholders: Readonly<Record<string, string>> | null;
}
