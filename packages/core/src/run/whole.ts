import type { Composed, StatementProgress } from '../ports/session.ts';

/** A step that goes out whole, with its record; where the session can do that, while the step before it still runs. */
export class WholeStep {
  readonly #composed: Composed;
  readonly #progress: StatementProgress;
  #going: Promise<boolean> | null = null;
  /** What is heard of it before its turn; `null` from then on. */
  #early: (() => void)[] | null = [];

  constructor(composed: Composed, progress: StatementProgress) {
    this.#composed = composed;
    this.#progress = {
      ...progress,
      done: (index, result) => this.#hear(() => progress.done(index, result)),
      advanced: (phase, percent) => this.#hear(() => progress.advanced?.(phase, percent)),
    };
  }

  get isSent(): boolean {
    return this.#going !== null;
  }

  /** Behind the step that runs, where that can be. */
  sendBehind(): void {
    this.#going = this.#composed(this.#progress, true);
    // Who waits for it hears of its failure; nobody waits for it when the step before it fails.
    this.#going?.catch(() => undefined);
  }

  /** Its turn has come. Gives whether it is done; where it is not, nothing of it stands. */
  async run(): Promise<boolean> {
    for (const tell of this.#early ?? []) tell();
    this.#early = null;
    if (this.#going === null) {
      this.#progress.signal.throwIfAborted();
      this.#going = this.#composed(this.#progress, false);
    }
    return (await this.#going) ?? false;
  }

  /** Its turn does not come. Waits until the database is done with it. */
  async drop(): Promise<void> {
    await this.#going?.catch(() => undefined);
  }

  #hear(tell: () => void): void {
    if (this.#early === null) tell();
    else this.#early.push(tell);
  }
}
