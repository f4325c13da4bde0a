import { DetentError, misuse, type Logger, type OpenOptions } from '@detent/core';
import { bookkeeping, type Bookkeeping } from './bookkeeping.ts';
import { CLUSTER_SQL, refuseCluster } from './cluster.ts';
import { isTransactional } from './engine.ts';
import { readOnlySession, translate } from './errors.ts';
import { greetingSql, readGreeting, type Greeting } from './greeting.ts';
import { baseSql, isPlainMode, limitSql, readSettingsSql, restoreSql, type Limits } from './settings.ts';
import type { Answer, TextRow, Wire } from './wire.ts';

/** The connection of a session with what is known about it. */
export interface Link {
  readonly wire: Wire;
  readonly target: string;
  readonly logger: Logger;
  readonly options: OpenOptions;
  /** As they are now, and as they are again after a reset. */
  limits: Limits;
  /** Something may have changed the settings of the session since they were last put back. */
  traces: boolean;
  /** The session has the settings that `prepare` gave it, and under these the server always says the same of the same schema. */
  readonly isPlain: boolean;
  /** The database that names without one belong to, while it is plain. */
  readonly chosen: string;
  /** A table without an engine of its own gets one with transactions, while it is plain. */
  readonly makesCovered: boolean;
  /** Asked for once; the first look at the history brings it along. */
  greeting(): Promise<Greeting>;
  /** What is known of the server by now; `null` before the first question. */
  known(): Greeting | null;
  /** Throws `CONFIG` where no database is named. */
  books(): Promise<Bookkeeping>;
  /** Remembers what an answer to `greetingText` said, which was asked at this time. */
  greeted(answer: Answer | undefined, sentAt: number): { readonly greeting: Greeting; readonly books: Bookkeeping };
  readonly greetingText: string;
  /** Sends what the session's writes hold back, so that a reader sees it. */
  flush: () => Promise<void>;
  /** Called when code takes the connection: what was known of the schema may not be so any more. */
  onCode: () => void;
  /** Statements of Detent's own. Throws translated errors. */
  readonly ask: (...texts: readonly string[]) => Promise<readonly Answer[]>;
  /** Sets what a session that writes needs, once, in front of `texts`; gives their answers. Throws `READ_ONLY`. */
  prepare(...texts: readonly string[]): Promise<readonly Answer[]>;
  /** Puts all settings back to what `prepare` made of them, where there are traces. Outside a transaction. */
  restore(): Promise<void>;
  /** Whether there can be another connection to the same server. */
  readonly hasBeside: boolean;
  /** That connection; `null` where there is none, or it did not come about. */
  beside(): Promise<Wire | null>;
  /** One more, which the caller closes; `null` as above. */
  another(): Promise<Wire | null>;
  close(): Promise<void>;
}

export interface LinkSettings {
  readonly wire: Wire;
  readonly target: string;
  readonly options: OpenOptions;
  /** The connection is lent by a user who goes on with it afterwards. */
  readonly lent: boolean;
  /** The connection may be closed for good instead of being put back into its state. */
  readonly disposable: boolean;
  /** `null`: there can be no second connection. */
  readonly openBeside: (() => Promise<Wire>) | null;
  /** Every runner connects to this node. */
  readonly singleWriter: boolean;
}

export function createLink(given: LinkSettings): Link {
  const { wire, target, options, lent, disposable, openBeside } = given;
  let greeting: Greeting | null = null;
  let books: Bookkeeping | null = null;
  let prepared = false;
  /** The settings of the lender, and those of Detent's own making. */
  let before: TextRow | null = null;
  let base: TextRow | null = null;
  let isBasePlain = false;
  let side: Wire | null = null;
  let opening: Promise<Wire | null> | null = null;
  let closed = false;
  const baseLimits = { lockMs: options.lockTimeoutMs, statementMs: options.statementTimeoutMs };
  const greetingText = greetingSql(options.table, options.schema);

  const ask = async (...texts: readonly string[]): Promise<readonly Answer[]> => {
    try {
      return await wire.run(...texts);
    } catch (error) {
      throw translate(error, target);
    }
  };
  const greeted: Link['greeted'] = (answer, sentAt) => {
    const found = readGreeting(answer, wire, options.table, sentAt);
    if (found.schema === '') throw noDatabase();
    greeting = found;
    books ??= bookkeeping(options.table, found.schema, found.foldsNames);
    return { greeting: found, books };
  };
  const openSide = async (): Promise<Wire | null> => {
    const opened = await link.another();
    if (!closed) return (side = opened);
    await opened?.close(true);
    return null;
  };
  const askGreeting = async (): Promise<ReturnType<Link['greeted']>> => {
    const sentAt = Date.now();
    return greeted((await ask(greetingText))[0], sentAt);
  };
  const greet = async (): Promise<Greeting> => greeting ?? (await askGreeting()).greeting;

  const link: Link = {
    wire,
    target,
    logger: options.logger,
    options,
    limits: baseLimits,
    traces: false,
    get isPlain() {
      return !link.traces && isBasePlain;
    },
    get makesCovered() {
      const engine = base?.['enforce_storage_engine'] ?? base?.['default_storage_engine'] ?? '';
      return link.isPlain && isTransactional(engine);
    },
    get chosen() {
      return base?.['db'] ?? '';
    },
    greetingText,
    greeting: greet,
    known: () => greeting,
    books: async () => books ?? (await askGreeting()).books,
    greeted,
    flush: async () => undefined,
    onCode: () => undefined,
    ask,

    async prepare(...texts) {
      if (options.readOnly) throw readOnlySession();
      if (prepared) return texts.length === 0 ? [] : ask(...texts);
      const known = await greet();
      if (known.versionNumber < OLDEST[known.product]) throw tooOld(known);
      const read = readSettingsSql(known);
      const settings = [CLUSTER_SQL, read, ...baseSql(known), limitSql(link.limits, known), read];
      const answers = await ask(...settings);
      if (!given.singleWriter) refuseCluster(answers[0]);
      if (lent && !disposable) before = settingsIn(answers[1]);
      base = settingsIn(answers.at(-1));
      isBasePlain = isPlainMode(base['sql_mode'] ?? null) && (base['db'] ?? null) !== null;
      prepared = true;
      return texts.length === 0 ? [] : ask(...texts);
    },

    async restore() {
      link.limits = baseLimits;
      if (!link.traces || base === null) return;
      const known = await greet();
      const [now] = await ask(readSettingsSql(known));
      await ask(...restoreSql(settingsIn(now), base), limitSql(baseLimits, known));
      link.traces = false;
    },

    hasBeside: openBeside !== null,

    async beside() {
      if (side?.isOpen === true) return side;
      opening ??= openSide().finally(() => (opening = null));
      return opening;
    },

    another: async () => (openBeside === null ? null : openBeside().catch(() => null)),

    async close() {
      closed = true;
      await side?.close(true);
      if (wire.isOpen && lent && !disposable && before !== null) {
        const limits = limitSql({ lockMs: 0, statementMs: 0 }, await greet());
        await ask(...restoreSql({}, before), limits).catch((error: unknown) =>
          options.logger.warn(`The settings of the lent connection could not be put back: ${String(error)}`),
        );
      }
      await wire.close(disposable && prepared);
    },
  };
  return link;
}

/** The same link with its questions put to another connection. */
export function by(link: Link, wire: Wire): Link {
  const ask: Link['ask'] = async (...texts) => {
    try {
      return await wire.run(...texts);
    } catch (error) {
      throw translate(error, link.target);
    }
  };
  return { ...link, wire, ask, isPlain: false };
}

function settingsIn(answer: Answer | undefined): TextRow {
  return answer?.rows[0] ?? {};
}

/** Those before them cannot hold two locks of theirs, or lack what Detent asks them. */
const OLDEST = { MariaDB: 100_300, MySQL: 50_700 } as const;

function tooOld({ product, version }: Greeting): DetentError {
  return new DetentError('CONFIG', `${product} ${version} is too old.`, {
    hint: 'Detent needs MariaDB 10.3 or MySQL 5.7, and is at its best from MariaDB 10.6 and MySQL 8.0 on.',
    facts: { product, version },
  });
}

function noDatabase(): DetentError {
  return misuse(
    'No database is named, so there is no place for the history.',
    'Name one in the URL, mysql://host/database, or with `schema`.',
  );
}
