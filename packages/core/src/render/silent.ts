import type { MigrationRenderer } from './renderer.ts';

/** Draws nothing. */
export function silentRenderer(): MigrationRenderer {
  const nothing = (): void => undefined;
  return {
    hear: nothing,
    drawLog: nothing,
    drawMigrated: nothing,
    drawIgnored: nothing,
    drawExecuted: nothing,
    drawChanges: nothing,
    drawStatus: nothing,
    drawPlan: nothing,
    drawProblems: nothing,
    drawVerification: nothing,
    drawHistory: nothing,
    drawError: nothing,
  };
}
