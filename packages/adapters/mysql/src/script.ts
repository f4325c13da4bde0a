import type { ParsedScript, ScriptText } from '@detent/core';
import { mariadb, parseScript } from '@detent/sql';
import { withoutTableLocks } from './table-locks.ts';

/** As MariaDB's language, which has MySQL's in it as far as taking a script apart goes. */
export function parse(script: ScriptText): ParsedScript {
  return withoutTableLocks(parseScript(script, mariadb));
}
