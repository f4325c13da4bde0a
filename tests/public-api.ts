export interface PublicApi {
  readonly values: string[];
  readonly types: string[];
}

/** The names a package's index exports, read from its text: types leave no trace at run time. */
export function exportedNames(code: string): PublicApi {
  const values = new Set<string>();
  const types = new Set<string>();
  for (const match of code.matchAll(/^export\s+(type\s+)?\{([^}]*)\}/gm)) {
    for (const part of (match[2] ?? '').split(',')) {
      const words = part.trim().split(/\s+/).filter(Boolean);
      const name = words.at(-1);
      if (name === undefined) continue;
      (match[1] !== undefined || words[0] === 'type' ? types : values).add(name);
    }
  }
  for (const match of code.matchAll(
    /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(const|let|function\*?|class|interface|type)\s+([\w$]+)/gm,
  )) {
    (match[1] === 'interface' || match[1] === 'type' ? types : values).add(match[2] ?? '');
  }
  return { values: [...values].toSorted(), types: [...types].toSorted() };
}
