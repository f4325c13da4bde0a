import { mariadb, readStatement } from '@detent/sql';

/** A table, view or procedure that a text names; `schema` is `null` for the database that is chosen. */
export interface Name {
  readonly schema: string | null;
  readonly name: string;
}

/** What a text that changes rows names, as far as its words tell. Rather too much than too little. */
export interface Named {
  readonly tables: readonly Name[];
  readonly procedures: readonly Name[];
  /** It may commit by itself, or run a text that is made while it runs. */
  readonly mayCommit: boolean;
}

/** In front of a table, or of a list of tables. */
const LEADS = new Set('INTO UPDATE FROM JOIN STRAIGHT_JOIN TABLE USING'.split(' '));
const BETWEEN = new Set('INTO FROM IGNORE LOW_PRIORITY HIGH_PRIORITY DELAYED QUICK ONLY TABLE LATERAL ('.split(' '));
const ONE = new Set(['INTO', 'INSERT', 'REPLACE']);
const ENDS_LIST = new Set('SET WHERE VALUES VALUE SELECT ON ORDER GROUP HAVING LIMIT ; )'.split(' '));
/** These commit what is open; or what they run is known to nobody before. */
const COMMITS = new Set(
  `CREATE ALTER DROP TRUNCATE RENAME GRANT REVOKE COMMIT ROLLBACK START LOCK UNLOCK ANALYZE OPTIMIZE REPAIR FLUSH PREPARE
   EXECUTE INSTALL UNINSTALL AUTOCOMMIT`.split(/\s+/),
);

interface Word {
  readonly token: string;
  readonly text: string;
}

export function namedIn(text: string): Named {
  const words = wordsOf(text);
  const tables: Name[] = [];
  const procedures: Name[] = [];
  let inList = false;
  let mayCommit = false;
  for (let at = 0; at < words.length; at += 1) {
    const token = words[at]?.token ?? '';
    // REPLACE INTO t, INSERT t, and LOCK IN SHARE MODE.
    if (COMMITS.has(token) && words[at + 1]?.token !== 'IN') mayCommit = true;
    if (token === 'CALL') procedures.push(...nameAt(words, at + 1));
    if (ENDS_LIST.has(token)) inList = false;
    const verb = (token === 'INSERT' || token === 'REPLACE' || token === 'DELETE') && words[at + 1]?.token !== '(';
    if (!LEADS.has(token) && !verb && !(token === ',' && inList)) continue;
    // Behind the one table of an INSERT stand columns.
    inList = !ONE.has(token);
    let start = at + 1;
    while (BETWEEN.has(words[start]?.token ?? '')) start += 1;
    tables.push(...nameAt(words, start));
  }
  return { tables: distinct(tables), procedures, mayCommit };
}

export function distinct<T extends Name>(names: readonly T[]): readonly T[] {
  return [...new Map(names.map((each) => [JSON.stringify([each.schema, each.name]), each])).values()];
}

function nameAt(words: readonly Word[], at: number): readonly Name[] {
  const first = nameOf(words[at]?.text);
  if (first === null) return [];
  const second = words[at + 1]?.token === '.' ? nameOf(words[at + 2]?.text) : null;
  return [second === null ? { schema: null, name: first } : { schema: first, name: second }];
}

function nameOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (text.startsWith('`') && text.length > 2) return text.slice(1, -1).replaceAll('``', '`');
  return /^[\p{L}\p{N}_$]+$/u.test(text) ? text : null;
}

/** So far a statement is read: what follows are rows. */
const MOST = 5_000;

function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  readStatement(text, mariadb).someAnywhere(
    (token, _previous, written) => words.push({ token, text: written }) >= MOST,
  );
  return words;
}
