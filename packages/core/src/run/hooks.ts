import type { Hooks } from '../config.ts';
import { asDetentError, DetentError } from '../errors.ts';
import type { Statement } from '../ports/script.ts';
import type { HookFile } from '../ports/source.ts';
import { loadHook } from '../validate/load.ts';
import { unguardedAt } from './alone.ts';
import { warn, type RunContext } from './context.ts';

/** Calls one of the application's hooks. One that comes before may stop the run; one that comes after is an observer. */
export async function runHook<Db, Name extends keyof Hooks<Db>>(
  context: RunContext<Db>,
  name: Name,
  call: (hook: NonNullable<Hooks<Db>[Name]>) => Promise<void> | void,
): Promise<void> {
  const hook = context.settings.hooks[name];
  if (hook === undefined) return;
  try {
    await call(hook);
  } catch (thrown) {
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    if (name.startsWith('before')) {
      throw new DetentError('HOOK_FAILED', `The hook ${name} threw: ${words}`, {
        cause: thrown,
        hint: 'Mend the hook and run again.',
      });
    }
    warn(context, `The hook ${name} threw after the work was done: ${words}`);
  }
}

/** Runs `beforeMigrate.*` or `afterMigrate.*` of the migrations folder; each in a transaction where it fits into one. */
export async function runHookFiles<Db>(
  context: RunContext<Db>,
  hooks: readonly HookFile[],
  when: HookFile['when'],
): Promise<void> {
  for (const hook of hooks) {
    if (hook.when !== when) continue;
    const { file } = hook.content;
    context.events.emit({ kind: 'hook-started', hook: file });
    try {
      await runHookFile(context, hook);
    } catch (thrown) {
      const error = asDetentError(thrown, 'HOOK_FAILED', (words) => `${file} threw: ${words}`);
      if (when === 'beforeMigrate') throw error;
      warn(context, `${file} failed after the work was done: ${error.message}`);
    }
  }
}

async function runHookFile<Db>(context: RunContext<Db>, hook: HookFile): Promise<void> {
  const { session, settings, identity, signal } = context;
  const { up: action, transaction } = await loadHook<Db>(hook, settings);
  if (action === null) return;
  if (action.kind === 'stages')
    throw new DetentError(
      'HOOK_FAILED',
      'Stages are for migrations: a hook has no row in the history to keep its progress.',
      {
        hint: `Export a function from ${action.file}.`,
      },
    );
  const statements: readonly Statement[] | null = action.kind === 'script' ? action.statements : null;
  const work = async (): Promise<void> => {
    if (action.kind === 'script') {
      await session.execute(action.statements, action.file, { signal, done: () => undefined });
      return;
    }
    const info = {
      name: hook.when,
      version: null,
      timestamp: null,
      filepath: action.file,
      runId: identity.runId,
      direction: 'up',
      startedAt: Date.now(),
      username: identity.username,
    } as const;
    const noBatches = (): never => {
      throw new DetentError(
        'HOOK_FAILED',
        'forEachBatch is for migrations: a hook has no row in the history to keep its place.',
        { hint: 'Move the work into a migration.' },
      );
    };
    await action.run(session.db, info, {
      adapter: settings.adapter,
      log: settings.logger,
      signal,
      sql: session.sql,
      forEachBatch: noBatches,
    });
  };
  const fits =
    transaction !== 'none' &&
    (statements === null
      ? session.capabilities.transactionalDdl
      : statements.every((statement) => statement.transactional));
  const { alone } = session.capabilities;
  if (!fits && alone !== true) throw unguardedAt(action.file, 1, alone);
  await (fits ? session.transaction({ statements }, work) : work());
}
