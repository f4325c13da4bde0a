import type { DetentError } from './errors.ts';
import type { MigrationState } from './ports/history.ts';
import type { LockHolder } from './ports/lock.ts';
import type { Manifest } from './ports/backup.ts';
import type { RollbackStrategy } from './config.ts';
import type { MigrationResult } from './result.ts';
import type { Plan } from './plan/plan.ts';

export type Operation = 'migrate' | 'down' | 'redo' | 'baseline' | 'mark' | 'repair' | 'resolve' | 'backup' | 'restore';
export type Direction = 'up' | 'down';

/** A migration as events name it. */
export interface StepInfo {
  readonly id: string;
  readonly version: string | null;
  readonly name: string;
  readonly file: string;
  readonly direction: Direction;
}

/** Everything that a listener can hear, in the order of the lifecycle. */
export type LifecycleEvent =
  | { readonly kind: 'run-started'; readonly runId: string; readonly operation: Operation; readonly target: string }
  | { readonly kind: 'lock-waiting'; readonly holder: LockHolder; readonly waitedMs: number }
  | { readonly kind: 'lock-acquired'; readonly token: number; readonly waitedMs: number }
  | {
      readonly kind: 'recovered';
      readonly id: string;
      readonly from: MigrationState;
      readonly to: MigrationState;
      readonly why: string;
    }
  | { readonly kind: 'planned'; readonly plan: Plan }
  | { readonly kind: 'backup-started'; readonly path: string }
  | { readonly kind: 'backup-finished'; readonly manifest: Manifest; readonly durationMs: number }
  | { readonly kind: 'hook-started'; readonly hook: string }
  | {
      readonly kind: 'step-started';
      readonly step: StepInfo;
      readonly index: number;
      readonly count: number;
      readonly statements: number | null;
      /** How many of them an earlier run has done. */
      readonly done: number;
    }
  | {
      readonly kind: 'statement-finished';
      readonly step: StepInfo;
      readonly done: number;
      readonly total: number;
      readonly rows: number | null;
    }
  | {
      readonly kind: 'statement-advanced';
      readonly step: StepInfo;
      /** What the server says it is doing: `building index: scanning table`. */
      readonly phase: string;
      /** Of that phase; `null` where it does not say. */
      readonly percent: number | null;
    }
  | {
      readonly kind: 'batch-finished';
      readonly step: StepInfo;
      readonly table: string;
      readonly done: number;
      readonly total: number;
      readonly etaMs: number | null;
    }
  | {
      readonly kind: 'step-finished';
      readonly step: StepInfo;
      readonly durationMs: number;
      readonly result: string | null;
    }
  | {
      readonly kind: 'step-failed';
      readonly step: StepInfo;
      readonly error: DetentError;
      readonly undone: boolean;
      /** The statement of a script, counting from 1; `null` where the error is not about one. */
      readonly statement: number | null;
    }
  | { readonly kind: 'rollback-started'; readonly strategy: RollbackStrategy }
  | { readonly kind: 'restore-started'; readonly path: string }
  | { readonly kind: 'restore-finished'; readonly path: string; readonly durationMs: number }
  | { readonly kind: 'rollback-finished'; readonly outcome: 'complete' | 'incomplete' | 'blocked' }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'run-finished'; readonly result: MigrationResult };

export type Listener = (event: LifecycleEvent) => void;

/** Delivers events in order. A listener that throws is an observer: it is heard as a warning and stops nothing. */
export class Events {
  readonly #listeners = new Set<Listener>();
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  /** Gives the way to stop listening. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(event: LifecycleEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onThrow(error);
      }
    }
  }
}
