import type { ParsedScript, ScriptText } from '@detent/core';
import { parseScript, postgres } from '@detent/sql';

export function parse(script: ScriptText): ParsedScript {
  return parseScript(script, postgres);
}
