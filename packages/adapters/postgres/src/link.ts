import type { Logger, OpenOptions } from '@detent/core';
import type { ColumnValue } from '@detent/sql';
import { bookkeeping, type Bookkeeping } from './bookkeeping.ts';
import { readOnlySession, translate } from './errors.ts';
import { greetingSql, readGreeting, type Greeting } from './greeting.ts';
import { keptStatements, type Repeated } from './kept.ts';
import type { LeaseTiming } from './lock-timing.ts';
import {
  AS_CONNECTED,
  baseSql,
  limitSql,
  READ_SESSION_SETTINGS,
  resetSql,
  settingSql,
  type Limits,
} from './settings.ts';
import { Refused, type Answer, type Wire } from './wire.ts';

/** The connection of a session with what is known about it. */
export interface Link {
  readonly wire: Wire;
  readonly target: string;
  readonly logger: Logger;
  readonly options: OpenOptions;
  readonly signal: AbortSignal | undefined;
  readonly lease: LeaseTiming;
  /** As they are now, and as they are again after a reset. */
  limits: Limits;
  /** Something may have changed the settings of the session since they were last put back. */
  traces: boolean;
  /** Sends what a transaction holds back, so that a reader inside it sees it. */
  flush: () => Promise<void>;
  /** Asked for once; the first look at the history brings it along. */
  greeting(): Promise<Greeting>;
  /** What is known of the server by now; `null` before the first question. */
  known(): Greeting | null;
  books(): Promise<Bookkeeping>;
  /** Remembers what an answer to `greetingSql` said, which was asked at this time. */
  greeted(answer: Answer | undefined, sentAt: number): { readonly greeting: Greeting; readonly books: Bookkeeping };
  readonly greetingText: string;
  /** Commands in one message, outside a transaction or in whatever stands open. Throws translated errors. */
  readonly ask: (...texts: readonly string[]) => Promise<readonly Answer[]>;
  /** Asks one thing about Detent's own tables, as who connected, whoever the migration has become. */
  look(text: string): Promise<Answer | undefined>;
  /** Writes into Detent's own tables in the same way, outside a transaction. Gives the answers to `texts`. */
  record(...texts: readonly string[]): Promise<readonly Answer[]>;
  /**
   * Sets what a session that writes needs, once, in front of `texts` in the same message; gives their answers. Sets nothing
   * behind a pooler. Throws `READ_ONLY`.
   */
  prepare(...texts: readonly string[]): Promise<readonly Answer[]>;
  /** Lets the session keep statements parsed and planned; nothing behind a pooler. Outside a transaction. */
  keep(texts: Readonly<Record<Repeated, string>>): Promise<void>;
  /** One more; its name, or `null` where the session keeps none. */
  keepAnother(text: string): Promise<string | null>;
  /** The call of such a statement; `null` where the session has none, or may have none any more. */
  call(name: string, ...values: readonly ColumnValue[]): string | null;
  /** Puts all settings back to what `prepare` made of them, where there are traces. Outside a transaction. */
  restore(): Promise<void>;
  /** Whether there can be another connection to the same database. */
  readonly hasBeside: boolean;
  /** It may stay open beside this one for as long as a run takes. */
  readonly mayWatch: boolean;
  /** That connection; `null` where there is none, or it did not come about. */
  beside(): Promise<Wire | null>;
  /** The number of its session; `null` while there is none. */
  besidePid(): Promise<number | null>;
  /** Until somebody asks for it again. */
  closeBeside(): Promise<void>;
  close(): Promise<void>;
}

export interface LinkSettings {
  readonly wire: Wire;
  readonly target: string;
  readonly options: OpenOptions;
  readonly lease: LeaseTiming;
  /** The connection is lent by a user who goes on with it afterwards. */
  readonly lent: boolean;
  /** The connection may be closed for good instead of being put back into its state. */
  readonly disposable: boolean;
  /** `null`: there can be no second connection. */
  readonly openBeside: (() => Promise<Wire>) | null;
}

export function createLink({ wire, target, options, lease, lent, disposable, openBeside }: LinkSettings): Link {
  let greeting: Greeting | null = null;
  let books: Bookkeeping | null = null;
  let prepared = false;
  /** Of the lender. */
  let before: readonly string[] = [];
  let side: Wire | null = null;
  let opening: Promise<Wire | null> = Promise.resolve(null);
  let isClosed = false;
  const baseLimits = { lockMs: options.lockTimeoutMs, statementMs: options.statementTimeoutMs };
  const greetingText = greetingSql(options.table, options.schema);

  const ask = async (...texts: readonly string[]): Promise<readonly Answer[]> => {
    const before = wire.status;
    try {
      return await wire.run(texts.join(';\n'));
    } catch (error) {
      // A transaction that these commands began does not stay behind.
      if (before === 'I' && wire.isOpen && wire.status !== 'I') await wire.run('ROLLBACK').catch(() => undefined);
      throw translate(error, target);
    }
  };
  const kept = keptStatements(ask);
  const greeted: Link['greeted'] = (answer, sentAt) => {
    const found = readGreeting(answer, wire, sentAt);
    greeting = found;
    books ??= bookkeeping(options.table, found.schema);
    return { greeting: found, books };
  };
  const openSide = async (): Promise<Wire | null> => {
    if (side?.isOpen === true) return side;
    side = openBeside === null || isClosed ? null : await openBeside().catch(() => null);
    if (!isClosed) return side;
    // It came about after the session was closed, and nobody else would ever end it.
    await side?.close(true);
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
    signal: options.signal,
    lease,
    limits: baseLimits,
    traces: false,
    flush: async () => undefined,
    greetingText,
    greeting: greet,
    known: () => greeting,
    books: async () => books ?? (await askGreeting()).books,
    greeted,
    ask,

    async look(text) {
      if (!link.traces) return (await ask(text))[0];
      const [begin, end] =
        wire.status === 'I' ? ['BEGIN', 'ROLLBACK'] : ['SAVEPOINT detent_look', 'ROLLBACK TO SAVEPOINT detent_look'];
      return (await ask(begin, ...AS_CONNECTED, text, end))[1 + AS_CONNECTED.length];
    },

    async record(...texts) {
      if (!link.traces) return ask(...texts);
      return (await ask('BEGIN', ...AS_CONNECTED, ...texts, 'COMMIT')).slice(1 + AS_CONNECTED.length, -1);
    },

    async prepare(...texts) {
      if (options.readOnly) throw readOnlySession();
      const known = await greet();
      if (prepared || known.pooled) return texts.length === 0 ? [] : ask(...texts);
      if (lent && !disposable) before = await sessionSettings(ask);
      const settings = [...baseSql(known), ...limitSql(link.limits, false)];
      const answers = await ask(...settings, ...texts);
      prepared = true;
      return answers.slice(settings.length);
    },

    async keep(texts) {
      const { pooled } = await greet();
      if (!pooled) await kept.make(texts);
    },

    keepAnother: async (text) => (link.traces ? null : kept.add(text)),

    call: (name, ...values) => (link.traces ? null : kept.call(name, values)),

    async restore() {
      link.limits = baseLimits;
      const known = await greet();
      link.traces &&= !known.pooled;
      if (!link.traces) return;
      const settings = [...resetSql(!lent), ...before, ...baseSql(known), ...limitSql(baseLimits, false)];
      kept.heard((await ask(...settings, kept.question)).at(-1));
      prepared = true;
      link.traces = false;
    },

    hasBeside: openBeside !== null,
    // A pool of the user's has only so many.
    mayWatch: openBeside !== null && !disposable,

    beside() {
      // One after another, so that whoever asks meanwhile gets the same.
      opening = opening.then(openSide);
      return opening;
    },

    async besidePid() {
      await opening;
      return side?.isOpen === true ? side.startPid : null;
    },

    async closeBeside() {
      await opening;
      await side?.close(false);
      side = null;
    },

    async close() {
      isClosed = true;
      await side?.close(true);
      if (wire.isOpen && lent && !disposable && prepared) {
        await ask(...resetSql(false), ...before).catch((error: unknown) =>
          options.logger.warn(`The settings of the lent connection could not be put back: ${String(error)}`),
        );
        await kept.drop().catch(() => undefined);
      }
      await wire.close(disposable && prepared);
    },
  };
  return link;
}

async function sessionSettings(ask: Link['ask']): Promise<readonly string[]> {
  const [answer] = await ask(READ_SESSION_SETTINGS);
  return (answer?.rows ?? []).map(({ name, setting }) => settingSql(name ?? '', setting ?? ''));
}

/** The only column of the only row. */
export function valueOf(answer: Answer | undefined): string | null {
  return Object.values(answer?.rows[0] ?? {})[0] ?? null;
}

export function isRefused(thrown: unknown, ...codes: readonly string[]): thrown is Refused {
  return thrown instanceof Refused && thrown.failure.kind === 'refused' && codes.includes(thrown.failure.code);
}
