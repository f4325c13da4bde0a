import type { Body } from './body.ts';
import type { Lexer } from './lexer.ts';

const OPENERS = new Set(['BEGIN', 'IF', 'CASE', 'LOOP', 'WHILE', 'REPEAT', 'FOR']);
const KINDS = new Set(['PROCEDURE', 'FUNCTION', 'TRIGGER', 'EVENT']);
/** Objects without a body; behind one of these a word such as EVENT is a name. */
const BODILESS = new Set(
  'TABLE INDEX VIEW DATABASE SCHEMA SERVER TABLESPACE ROLE SEQUENCE LOGFILE SPATIAL RESOURCE UNDO FULLTEXT PACKAGE'.split(
    ' ',
  ),
);
/** Where one of these is the body, it is a single statement and ends at the first semicolon. */
const VERBS = new Set(
  `SELECT INSERT UPDATE DELETE CALL RETURN REPLACE DO CREATE DROP ALTER WITH TRUNCATE RENAME SIGNAL EXECUTE PREPARE
   LOAD FLUSH ANALYZE OPTIMIZE GRANT REVOKE SONAME VALUES KILL`.split(/\s+/),
);
/** After these a value follows, so that END there is a name and not the end of a block. */
const BEFORE_VALUES = new Set(
  'CASE WHEN THEN ELSE AND OR XOR NOT LIKE BETWEEN IS IN DIV MOD AS UNTIL BY SELECT'.split(' '),
);
/** The last word of a handler's condition, before the statement that handles it. */
const CONDITIONS = new Set(['FOUND', 'SQLEXCEPTION', 'SQLWARNING', 'string', 'number']);

type Block = 'statement' | 'expression';

/**
 * MySQL and MariaDB: `BEGIN … END`, `IF … END IF`, `CASE`, `LOOP`, `WHILE`, `REPEAT`, `FOR` in a routine, trigger or
 * event, or by itself where the server has bare blocks. BEGIN and END are no reserved words there, so that both count
 * only where a statement would begin.
 */
export function routineBody(first: string | null, firstToken: Lexer, bareBlocks: boolean): Body | null {
  const bare = bareBlocks && first !== null && OPENERS.has(first);
  // `/*!50003 CREATE*/` at the start: what it is shows only inside.
  if (!bare && first !== 'CREATE' && first !== 'ALTER' && firstToken.kind !== 'conditional') return null;

  let phase: 'kind' | 'head' | 'body' | 'other' = bare ? 'body' : 'kind';
  let kind = '';
  let parentheses = 0;
  let headIsOver = false;
  /** `BEGIN` by itself begins a transaction; only `NOT ATOMIC` after it makes it a block. */
  let doubtful: number | null = null;

  const blocks: Block[] = [];
  let begin: number | null = null;
  let previous = bare ? ';' : '';
  /** The first word of the statement that is being read inside the body. */
  let verb = '';

  const push = (block: Block, start: number): void => {
    if (blocks.length === 0) begin = start;
    blocks.push(block);
  };
  const pop = (): void => {
    blocks.pop();
    if (blocks.length > 0) return;
    begin = null;
    phase = 'other';
  };

  const takeKind = (token: string): void => {
    if (KINDS.has(token)) {
      kind = token;
      phase = 'head';
    } else if (BODILESS.has(token) || (token === 'USER' && previous === 'CREATE')) phase = 'other';
  };

  const takeHead = (token: string, start: number): void => {
    if (token === '(') parentheses += 1;
    else if (token === ')') parentheses -= 1;
    if (parentheses > 0) return;
    const routine = kind === 'PROCEDURE' || kind === 'FUNCTION';
    if (headIsOver) {
      if (OPENERS.has(token) && token !== 'FOR') {
        phase = 'body';
        push('statement', start);
        verb = token;
      } else if (
        VERBS.has(token) ||
        (token === 'SET' && !(routine && (previous === 'RETURNS' || previous === 'CHARACTER')))
      ) {
        phase = 'other';
      }
    } else if (kind === 'TRIGGER') headIsOver = token === 'ROW' && previous === 'EACH';
    else if (kind === 'EVENT') headIsOver = token === 'DO';
    else headIsOver = token === ')';
  };

  const atStart = (): boolean => {
    if (previous === ';' || previous === 'BEGIN' || previous === ':' || previous === 'ATOMIC') return true;
    if (blocks.at(-1) === 'expression') return false;
    return (
      previous === 'THEN' ||
      previous === 'ELSE' ||
      previous === 'LOOP' ||
      previous === 'REPEAT' ||
      (previous === 'DO' && verb !== 'DO')
    );
  };

  const takeBody = (token: string, start: number): void => {
    const starts = atStart();
    if (token === 'END') {
      const afterValue =
        previous !== '.' &&
        !BEFORE_VALUES.has(previous) &&
        (previous.length > 1 || previous === ')' || /\w/.test(previous));
      if (starts || ((blocks.at(-1) === 'expression' || verb === 'UNTIL') && afterValue)) pop();
    } else if (OPENERS.has(token)) {
      const handles = verb === 'DECLARE' && CONDITIONS.has(previous);
      if (starts || handles) push('statement', start);
      else if (token === 'BEGIN' && verb === 'DECLARE') push('statement', start);
      else if (token === 'CASE' && previous !== 'END') push('expression', start);
    }
    if (starts) verb = token;
  };

  return {
    take(lexer) {
      if (phase === 'other') return;
      const token = tokenName(lexer);
      if (token === 'conditional') return;
      if (doubtful !== null) {
        if (token === 'NOT') push('statement', doubtful);
        else phase = 'other';
        doubtful = null;
      } else if (bare && blocks.length === 0 && token === 'BEGIN') doubtful = lexer.start;
      else if (phase === 'kind') takeKind(token);
      else if (phase === 'head') takeHead(token, lexer.start);
      else if (phase === 'body') takeBody(token, lexer.start);
      previous = token;
    },
    open: () => begin,
  };
}

function tokenName(lexer: Lexer): string {
  switch (lexer.kind) {
    case 'word':
      return lexer.upper;
    case 'operator':
      return lexer.text;
    case 'terminator':
      return ';';
    case 'quoted':
    case 'string':
    case 'number':
    case 'conditional':
    case 'comment':
    case 'meta':
    case 'end':
      return lexer.kind;
  }
}
