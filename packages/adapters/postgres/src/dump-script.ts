/** What pg_restore writes for psql, in parts that a session can execute. Nothing of it is ever given to psql. */
export type ScriptPart =
  | { readonly kind: 'statement'; readonly text: string }
  /** `pieces` have to be read before the next part is asked for. */
  | { readonly kind: 'rows'; readonly command: string; readonly pieces: AsyncIterable<Buffer> };

/**
 * What every script begins with, and the transactions of its own. A session that restores has settings and a transaction of
 * its own, and an older server may not know all of these.
 */
const HEADER =
  /^(?:BEGIN;|COMMIT;|SET (?!default_)\w+ = [^;]*;|SELECT pg_catalog\.set_config\('search_path', '[^']*', false\);)\s*$/;
/** The two that psql may be given, around everything else. */
const RESTRICTION = /^\\(?:un)?restrict [A-Za-z0-9]+$/;
const COPY = /^COPY\s[\s\S]*\sFROM stdin;\s*$/;
const END_OF_ROWS = Buffer.from('\n\\.\n');

/** The commands of a script without rows, as one text, without what stands around them. */
export function commandsOf(script: string): string {
  const lines = script.split('\n');
  const first = lines.findIndex((line) => line.startsWith('-- Name: ') || !isAround(line));
  if (first === -1) return '';
  const last = lines.findLastIndex((line) => !isAround(line));
  return lines.slice(first, last + 1).join('\n');
}

function isAround(line: string): boolean {
  return line === '' || line.startsWith('--') || RESTRICTION.test(line) || HEADER.test(line);
}

/**
 * Reads a script of rows: COPY with its data, and commands whose texts hold neither dollar quotes nor block comments.
 * Throws for a command of psql.
 */
export async function* readScript(source: AsyncIterable<Buffer>): AsyncGenerator<ScriptPart> {
  const bytes = bytesOf(source);
  let text = '';
  let quote: string | null = null;
  for (let line = await bytes.line(); line !== null; line = await bytes.line()) {
    if (text === '' && line.startsWith('\\')) {
      if (RESTRICTION.test(line.trimEnd())) continue;
      throw new Error(`the archive wants psql to execute ${line.trim().split(' ')[0] ?? ''}`);
    }
    const read = readLine(line, quote);
    quote = read.quote;
    if (text !== '' || read.code.trim() !== '') text += read.code;
    if (quote !== null || !read.code.trimEnd().endsWith(';')) continue;
    const whole = text;
    text = '';
    if (COPY.test(whole)) yield { kind: 'rows', command: whole, pieces: bytes.rows() };
    else if (!HEADER.test(whole)) yield { kind: 'statement', text: whole };
  }
  if (text.trim() !== '') throw new Error('the archive ends within a command');
}

interface Line {
  /** Without a comment. */
  readonly code: string;
  /** What is still open where the line ends. */
  readonly quote: string | null;
}

/** Strings are standard ones: a backslash means itself, and two quotes are one. */
function readLine(line: string, open: string | null): Line {
  let quote = open;
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (quote !== null) {
      if (char === quote) quote = null;
    } else if (char === "'" || char === '"') {
      quote = char;
    } else if (char === '-' && line.charAt(at + 1) === '-') {
      return { code: `${line.slice(0, at)}\n`, quote };
    }
  }
  return { code: line, quote };
}

interface Bytes {
  /** With its end; `null` after the last. */
  line(): Promise<string | null>;
  /** The lines up to the one that ends the data of a COPY, which is passed over. */
  rows(): AsyncGenerator<Buffer>;
}

function bytesOf(source: AsyncIterable<Buffer>): Bytes {
  const pieces = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (): Promise<boolean> => {
    const { done, value } = (await pieces.next()) as IteratorResult<Buffer, undefined>;
    if (done === true) return false;
    rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
    return true;
  };
  const cut = (length: number): Buffer => {
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
  return {
    async line() {
      for (let from = 0; ;) {
        const end = rest.indexOf(0x0a, from);
        if (end !== -1) return cut(end + 1).toString('utf8');
        from = rest.length;
        if (!(await fill())) return rest.length === 0 ? null : cut(rest.length).toString('utf8');
      }
    },

    async *rows() {
      // As if a line had just ended, so that data without any row ends like all other.
      rest = Buffer.concat([END_OF_ROWS.subarray(0, 1), rest]);
      let isFirst = true;
      const withoutFirst = (piece: Buffer): Buffer => {
        const wanted = isFirst ? piece.subarray(1) : piece;
        isFirst = false;
        return wanted;
      };
      for (;;) {
        const end = rest.indexOf(END_OF_ROWS);
        const isEnd = end !== -1;
        // What may be the beginning of the end is kept back.
        const length = isEnd ? end + 1 : rest.length - END_OF_ROWS.length + 1;
        if (length > 0) {
          const piece = withoutFirst(cut(length));
          if (piece.length > 0) yield piece;
        }
        if (isEnd) {
          cut(END_OF_ROWS.length - 1);
          return;
        }
        if (!(await fill())) throw new Error('the archive ends within the rows of a table');
      }
    },
  };
}
