import { classify, mysql, parseScript, postgres, splitStatements, sqlite, type Dialect } from '@detent/sql';

/** One line of the table that `run` gives. */
export interface SplitterRow {
  readonly dialect: string;
  readonly file: string;
  readonly mb: number;
  readonly statements: number;
  /** Splitting and classifying, median of the rounds; megabytes of UTF-8. */
  readonly mbPerSecond: number;
  /** Reading the whole script into a list, as a run does. */
  readonly parseMbPerSecond: number;
  /** The most that the heap held beyond the file's text while it was read. */
  readonly heapMb: number;
}

const MB = 1_000_000;

/** Throughput and memory of the splitter on generated files: a dump of many statements, and one very long statement. */
export function run(megabytes = 100, rounds = 7): readonly SplitterRow[] {
  const rows: SplitterRow[] = [];
  for (const dialect of [sqlite, postgres, mysql]) {
    rows.push(measure(dialect, 'dump', dump(dialect, megabytes * MB), rounds));
    rows.push(measure(dialect, 'one INSERT', longInsert(megabytes * MB), rounds));
  }
  return rows;
}

function measure(dialect: Dialect, file: string, text: string, rounds: number): SplitterRow {
  const mb = Buffer.byteLength(text) / MB;
  let statements = 0;
  const mbPerSecond = medianSpeed(mb, rounds, () => {
    statements = 0;
    for (const statement of splitStatements(text, dialect)) {
      classify(statement.text, dialect);
      statements += 1;
    }
  });
  const script = { text, file, part: 'whole', placeholders: null } as const;
  const parseMbPerSecond = medianSpeed(mb, rounds, () => void parseScript(script, dialect));
  const heapMb = heapBeyond(text, dialect);
  return { dialect: dialect.name, file, mb: Math.round(mb), statements, mbPerSecond, parseMbPerSecond, heapMb };
}

function medianSpeed(mb: number, rounds: number, work: () => void): number {
  const speeds = Array.from({ length: rounds }, () => {
    const started = performance.now();
    work();
    return mb / ((performance.now() - started) / 1000);
  }).sort((a, b) => a - b);
  return Math.round(speeds[Math.floor(speeds.length / 2)] ?? 0);
}

/** Collected every 20,000 statements, so that garbage does not count; needs `--expose-gc`, else garbage counts too. */
function heapBeyond(text: string, dialect: Dialect): number {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  let seen = 0;
  for (const statement of splitStatements(text, dialect)) {
    classify(statement.text, dialect);
    seen += 1;
    if (seen % 20_000 !== 1) continue;
    globalThis.gc?.();
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  }
  return Math.round((most / MB) * 10) / 10;
}

/** Tables, comments, routines and rows, as a dump has them. */
function dump(dialect: Dialect, length: number): string {
  const parts: string[] = [];
  let size = 0;
  for (let n = 0; size < length; n += 1) {
    const part = block(dialect, n);
    parts.push(part);
    size += part.length;
  }
  return flat(parts);
}

function block(dialect: Dialect, n: number): string {
  const rows = Array.from(
    { length: 20 },
    (_, row) =>
      `INSERT INTO orders_${n} (id, customer, note, total) VALUES (${row}, 'Łukasz O''Brien; ${n}', 'a -- b /* c', ${row}.50);`,
  );
  return `-- orders of year ${n}; with a semicolon
CREATE TABLE orders_${n} (
  id integer PRIMARY KEY, /* the key; always */
  customer varchar(80) NOT NULL DEFAULT 'nobody; yet',
  note text,
  total numeric(10, 2) NOT NULL CHECK (total >= 0)
);
CREATE INDEX orders_${n}_customer ON orders_${n} (customer, total);
${routine(dialect, n)}
${rows.join('\n')}
`;
}

function routine(dialect: Dialect, n: number): string {
  switch (dialect.name) {
    case 'postgres':
      return `CREATE FUNCTION touch_${n}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN NEW.note := 'x;y'; RETURN NEW; END; $body$;`;
    case 'mysql':
    case 'mariadb':
    case 'sqlite':
      return `CREATE TRIGGER touch_${n} AFTER INSERT ON orders_${n} FOR EACH ROW BEGIN
  UPDATE orders_${n} SET note = CASE WHEN note IS NULL THEN 'x;y' ELSE note END WHERE id = NEW.id;
END;`;
  }
}

function longInsert(length: number): string {
  const row = "(1234567, 'Anna; Maria', 'it''s -- a \"note\" /* here', 99.95),\n";
  return flat([
    'INSERT INTO orders (id, customer, note, total) VALUES\n',
    row.repeat(Math.ceil(length / row.length)),
    "(0, '', '', 0);\n",
  ]);
}

/** One flat string, as reading a file gives; a concatenated one would be flattened inside the measurement. */
function flat(parts: readonly string[]): string {
  return Buffer.from(parts.join('')).toString();
}

if (import.meta.main) console.table(run());
