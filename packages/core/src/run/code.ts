import { DetentError } from '../errors.ts';
import type { StepInfo } from '../events.ts';
import type { DatabaseMigrationHandler } from '../ports/handler.ts';
import type { MigrationInfo } from '../migration.ts';
import type { Action } from '../validate/load.ts';
import { modeOf } from '../validate/pending.ts';
import { confirmLease, recordFinish, recordStart, inTransaction, type Attempt } from './attempt.ts';
import { batchesOf } from './batches.ts';
import type { RunContext } from './context.ts';
import { intentOf } from './intent.ts';

type Code<Db> = Extract<Action<Db>, { kind: 'code' }>;

/** Calls `up` or `down` and records it. Gives what it returned, as text. */
export async function runCode<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  action: Code<Db>,
): Promise<string | null> {
  const { session, settings, signal } = context;
  const { foreignKeys } = attempt.step.loaded;
  const mode = modeOf(attempt.step.loaded, settings);
  const callAndRecord = async (): Promise<string | null> => {
    const result = await call(context, attempt, action);
    await recordFinish(context, attempt, result);
    return result;
  };
  if (mode === 'all') return callAndRecord();
  if (mode === 'each' && session.capabilities.transactionalDdl)
    return session.transaction({ statements: null, foreignKeys }, callAndRecord);
  // Before the intent: once that is written, nobody can tell that the code was never called.
  signal.throwIfAborted();
  await confirmLease(context);
  await recordStart(context, attempt, { ...attempt.row, intent: await intentOf(context, attempt, null) });
  const result = await call(context, attempt, action);
  await inTransaction(context, () => recordFinish(context, attempt, result));
  return result;
}

/** Calls a function of a migration; gives what it returned, as text. `covered`: all of it is in one transaction. */
export async function call<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  { run, name = null }: Pick<Code<Db>, 'run'> & { readonly name?: string | null },
  covered = false,
): Promise<string | null> {
  const { session, settings, signal } = context;
  signal.throwIfAborted();
  const handler: DatabaseMigrationHandler<Db> = {
    adapter: settings.adapter,
    log: settings.logger,
    signal,
    sql: session.sql,
    forEachBatch: batchesOf(context, attempt, covered),
  };
  try {
    return asText(await run(session.db, secondOf(context, attempt), handler));
  } catch (thrown) {
    if (thrown instanceof DetentError) throw thrown;
    // What was called with the signal throws an error of its own about it.
    if (signal.aborted && (thrown === signal.reason || (thrown instanceof Error && thrown.name === 'AbortError')))
      signal.throwIfAborted();
    throw scriptFailed(thrown, attempt.step.info, name);
  }
}

/** Migrations of that tool get the client of their database in place of what is known of them. */
function secondOf<Db>(context: RunContext<Db>, attempt: Attempt<Db>): MigrationInfo {
  const { settings, session } = context;
  if (settings.layout !== 'migrate-mongo') return infoOf(context, attempt);
  return (session.db as { readonly client?: unknown }).client as MigrationInfo;
}

function infoOf<Db>(context: RunContext<Db>, { step, startedAt }: Attempt<Db>): MigrationInfo {
  const { name, version, direction, file } = step.info;
  const { runId, username } = context.identity;
  return {
    name,
    version,
    timestamp: version,
    filepath: step.file?.filepath ?? file,
    runId,
    direction,
    startedAt,
    username,
  };
}

function asText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}

/** What a code migration threw, with the place in its file when the stack names it. `stage`: the one that threw it. */
function scriptFailed(thrown: unknown, { file, direction }: StepInfo, stage: string | null): DetentError {
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  const place = placeIn(thrown, file);
  const where = stage === null ? file : `${file}, stage "${stage}",`;
  return new DetentError('SCRIPT_FAILED', `${direction}() of ${where} threw: ${words}`, {
    cause: thrown,
    hint: 'Mend the migration and run it again.',
    facts: { place: place ?? { file } },
  });
}

function placeIn(thrown: unknown, file: string): { file: string; line: number; column: number } | null {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return null;
  const name = file.split('/').at(-1) ?? file;
  for (const frame of thrown.stack.split('\n')) {
    const found = /([^/\\(]+?)(?:\?[^:]*)?:(\d+):(\d+)\)?$/.exec(frame);
    if (found?.[1] === name) return { file, line: Number(found[2]), column: Number(found[3]) };
  }
  return null;
}
