import type { Logger } from '@detent/core';
import type { Flags } from './arguments.ts';

/** What migrations log goes through `draw`, which knows what else is on the screen. */
export function loggerOf({ quiet, verbose }: Flags, draw: (message: string) => void): Logger {
  const nothing = (): void => undefined;
  return { debug: verbose ? draw : nothing, info: quiet ? nothing : draw, warn: draw, error: draw };
}
