import type { ParsedScript, ScriptText } from '@detent/core';
import { parseScript, sqlite } from '@detent/sql';

export function parse(script: ScriptText): ParsedScript {
  return parseScript(script, sqlite);
}
