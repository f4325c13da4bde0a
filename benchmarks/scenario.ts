import type { Workplace } from './workplace.ts';

export interface ScenarioSettings {
  readonly workplace: Workplace;
  readonly rounds: number;
  /** Instead of the scenario's own number of migrations, megabytes or processes; `null`: its own. */
  readonly size: number | null;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Gives Markdown. Throws when a contestant fails or does not do the same work as the others. */
  run(settings: ScenarioSettings): Promise<string>;
}

/** What cannot be run here, and why: listed, never silent. */
export class NotRun extends Error {}
