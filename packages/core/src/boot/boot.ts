import { checkOptions, type Options } from '../config.ts';
import { asDetentError, misuse, type DetentError } from '../errors.ts';
import type { LifecycleEvent } from '../events.ts';
import { MigrationScriptExecutor } from '../executor.ts';
import type { LockHolder } from '../ports/lock.ts';
import type { MigrationResult } from '../result.ts';
import { stopOnSignals } from './signals.ts';

/** Where the start of an application stands. */
export type BootState =
  | { readonly kind: 'starting' }
  /** Another process migrates this database. */
  | { readonly kind: 'waiting'; readonly holder: LockHolder }
  | { readonly kind: 'migrating'; readonly done: number; readonly total: number }
  | { readonly kind: 'ready'; readonly result: MigrationResult }
  /** `result` is `null` when the options are wrong, so that there was no run. */
  | { readonly kind: 'failed'; readonly error: DetentError; readonly result: MigrationResult | null }
  /** By `stop` or by a signal, before the end. */
  | { readonly kind: 'stopped'; readonly error: DetentError };

/** One run at the start of an application. */
export interface Boot {
  readonly state: BootState;
  /** Rejects with the run's first error. Nobody has to listen. */
  readonly ready: Promise<MigrationResult>;
  /** Ends a run that goes on, waits for its end, and disconnects. */
  stop(): Promise<void>;
}

/**
 * Migrates and disconnects. While that goes on, SIGTERM and SIGINT end the run first, so that what it did is rolled back as
 * configured, and then the process as they would have. Throws `CONFIG` at once for options that are wrong.
 */
export function boot<Db>(options: Options<Db>): Boot {
  if (checkOptions(options).lock.onHeld === 'skip') {
    throw misuse(
      'lock.onHeld is "skip", so the application would start before its migrations are done.',
      'Use "wait" or "fail".',
    );
  }
  const executor = new MigrationScriptExecutor(options);
  let state: BootState = { kind: 'starting' };
  let isStopped = false;
  executor.on('*', (event) => (state = stateAfter(state, event)));

  const stop = async (): Promise<void> => {
    if (state.kind !== 'ready' && state.kind !== 'failed') isStopped = true;
    await executor.close();
  };
  const ready = run();
  ready.catch(() => undefined);

  return {
    get state() {
      return state;
    },
    ready,
    stop: async () => {
      await stop();
      await ready.catch(() => undefined);
    },
  };

  async function run(): Promise<MigrationResult> {
    using _ = stopOnSignals(stop);
    const outcome = await migrated();
    // The run is over, whatever becomes of its connection.
    await executor.close().catch(() => undefined);
    if (outcome.kind === 'ready') {
      state = outcome;
      return outcome.result;
    }
    state = isStopped ? { kind: 'stopped', error: outcome.error } : outcome;
    throw outcome.error;
  }

  async function migrated(): Promise<Extract<BootState, { kind: 'ready' | 'failed' }>> {
    try {
      const result = await executor.migrate();
      const [error] = result.errors;
      return error === undefined ? { kind: 'ready', result } : { kind: 'failed', error, result };
    } catch (thrown) {
      const words = (said: string): string => `Something went wrong that should not have: ${said}`;
      return { kind: 'failed', error: asDetentError(thrown, 'INTERNAL', words), result: null };
    }
  }
}

function stateAfter(state: BootState, event: LifecycleEvent): BootState {
  if (event.kind === 'lock-waiting') return { kind: 'waiting', holder: event.holder };
  if (event.kind === 'lock-acquired') return { kind: 'starting' };
  if (event.kind === 'planned') return { kind: 'migrating', done: 0, total: event.plan.steps.length };
  if (event.kind === 'step-finished' && state.kind === 'migrating') return { ...state, done: state.done + 1 };
  return state;
}
