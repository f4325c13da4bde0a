import { randomBytes } from 'node:crypto';
import type { ColumnValue } from '@detent/sql';
import { literal } from './inline.ts';
import type { Answer } from './wire.ts';

/** What every transaction of a run repeats. */
export type Repeated = 'fence' | 'fenceBehind' | 'save' | 'append' | 'saveLater' | 'appendLater';

/** Sends commands in one message. */
type Ask = (...texts: readonly string[]) => Promise<readonly Answer[]>;

/**
 * Statements that the session in the server keeps parsed and planned, which is most of what they cost. EXECUTE calls them
 * by the simple protocol, in one message with others.
 */
export interface KeptStatements {
  /** Outside a transaction, and where all their tables are there. Does nothing when it was done before. */
  make(texts: Readonly<Record<Repeated, string>>): Promise<void>;
  /** One more, outside a transaction. Gives its name; `null` where nothing is kept. */
  add(text: string): Promise<string | null>;
  /** `null` where they are not kept. */
  call(name: string, values: readonly ColumnValue[]): string | null;
  /** Asks whether they are still there: a migration can throw them away. They are not made again then. */
  readonly question: string;
  heard(answer: Answer | undefined): void;
  /** From a connection that somebody goes on with. */
  drop(): Promise<void>;
}

/** A number in quotes is read as what it is for; without, the server makes it one of its own choice and then calls a cast. */
function argument(value: ColumnValue): string {
  return typeof value === 'number' ? `'${value}'` : literal(value);
}

export function keptStatements(ask: Ask): KeptStatements {
  // Two sessions of Detent's may share one of the server.
  const prefix = `detent_${randomBytes(6).toString('hex')}`;
  let state: 'none' | 'kept' | 'lost' = 'none';
  let names: readonly string[] = [];
  return {
    async make(texts) {
      if (state !== 'none') return;
      const texted = Object.entries(texts).map(([name, text]) => ({ name: `${prefix}_${name}`, text }));
      await ask(...texted.map(({ name, text }) => `PREPARE ${name} AS ${text}`));
      names = texted.map(({ name }) => name);
      state = 'kept';
    },

    async add(text) {
      if (state !== 'kept') return null;
      const name = `${names.length}`;
      await ask(`PREPARE ${prefix}_${name} AS ${text}`);
      names = [...names, `${prefix}_${name}`];
      return name;
    },

    call: (name, values) =>
      state === 'kept' ? `EXECUTE ${prefix}_${name} (${values.map(argument).join(', ')})` : null,

    question: `SELECT name FROM pg_catalog.pg_prepared_statements WHERE starts_with(name, '${prefix}')`,

    heard(answer) {
      if (state === 'kept' && answer?.rows.length !== names.length) state = 'lost';
    },

    async drop() {
      if (state === 'kept') await ask(...names.map((name) => `DEALLOCATE ${name}`));
      state = 'lost';
    },
  };
}
