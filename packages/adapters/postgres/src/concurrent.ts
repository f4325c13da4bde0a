/** A statement that works beside the running system in several steps, and leaves something half-done when it is cut short. */
export type Concurrent =
  | {
      readonly kind: 'build';
      /** `null` where PostgreSQL is to find a name. */
      readonly name: readonly string[] | null;
      readonly table: readonly string[];
      readonly unique: boolean;
      /** Everything behind the name of the table. */
      readonly definition: string;
    }
  | {
      readonly kind: 'rebuild';
      readonly of: 'index' | 'table' | 'schema' | 'database';
      /** Empty for the whole database. */
      readonly name: readonly string[];
    }
  | { readonly kind: 'drop'; readonly name: readonly string[] }
  | { readonly kind: 'detach'; readonly table: readonly string[]; readonly partition: readonly string[] };

const NAME = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;

/** Made when the first such statement is met: what Unicode calls a letter takes longer to look up than a script to run. */
function makePatterns(): Readonly<Record<'build' | 'rebuild' | 'drop' | 'detach', RegExp>> {
  const qualified = String.raw`${NAME}(?:\s*\.\s*${NAME})?`;
  return {
    build: new RegExp(
      String.raw`^\s*create\s+(unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(?:(${qualified})\s+)?on\s+(?:only\s+)?(${qualified})`,
      'iu',
    ),
    rebuild: new RegExp(
      String.raw`^\s*reindex\s*(?:\(([^)]*)\)\s*)?(index|table|schema|database|system)\b\s*(concurrently\b)?\s*(${qualified})?`,
      'iu',
    ),
    drop: new RegExp(String.raw`^\s*drop\s+index\s+concurrently\s+(?:if\s+exists\s+)?(${qualified})`, 'iu'),
    detach: new RegExp(
      String.raw`^\s*alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(${qualified})\s+detach\s+partition\s+(${qualified})\s+concurrently\b`,
      'iu',
    ),
  };
}

let patterns: ReturnType<typeof makePatterns> | null = null;

/** Statements that wait for every transaction that is open: a limit on waiting would only ever cut them short. */
const PATIENT = /\bconcurrently\b/i;

export function waitsForOthers(text: string): boolean {
  return PATIENT.test(text);
}

/** `null` for any other statement. */
export function readConcurrent(text: string): Concurrent | null {
  if (!waitsForOthers(text)) return null;
  patterns ??= makePatterns();
  // As long as the comments were, so that places stay what they are.
  const bare = text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, (comment) => ' '.repeat(comment.length));
  const build = patterns.build.exec(bare);
  if (build?.[3] !== undefined) {
    return {
      kind: 'build',
      name: build[2] === undefined ? null : partsOf(build[2]),
      table: partsOf(build[3]),
      unique: build[1] !== undefined,
      definition: text.slice(build[0].length),
    };
  }
  const drop = patterns.drop.exec(bare);
  if (drop?.[1] !== undefined) return { kind: 'drop', name: partsOf(drop[1]) };
  const [, table, partition] = patterns.detach.exec(bare) ?? [];
  if (table !== undefined && partition !== undefined)
    return { kind: 'detach', table: partsOf(table), partition: partsOf(partition) };
  const [, options = '', what, keyword, name] = patterns.rebuild.exec(bare) ?? [];
  if (what === undefined || (keyword === undefined && !SWITCHED_ON.test(options))) return null;
  const of = what.toLowerCase();
  const whole = of === 'database' || of === 'system';
  return {
    kind: 'rebuild',
    of: of === 'index' || of === 'table' || of === 'schema' ? of : 'database',
    name: whole || name === undefined ? [] : partsOf(name),
  };
}

const SWITCHED_ON = /\bconcurrently\b(?!\s*(?:false|off|0)\b)/i;

/** Names as the server stores them. */
function partsOf(qualified: string): readonly string[] {
  return [...qualified.matchAll(new RegExp(NAME, 'gu'))].map(([part]) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase(),
  );
}
