/** What Detent reads of a dump. The rest, such as programs and settings, is for people who read it in by a client. */
export type DumpPart = { readonly kind: 'table'; readonly name: string; readonly text: string } | DumpRows;

/** The rows of one INSERT. Good until the next part is asked for. */
export interface DumpRows {
  readonly kind: 'rows';
  readonly table: string;
  readonly columns: readonly string[];
  /** The statement, whose rows begin at `from`. */
  readonly bytes: Buffer;
  readonly from: number;
}

const [NEWLINE, QUOTE, DOUBLE, BACKTICK, BACKSLASH, SEMICOLON, DASH] = [0x0a, 0x27, 0x22, 0x60, 0x5c, 0x3b, 0x2d];
/** Programs stand between such lines, written in whatever mode they were made; nothing of them is taken for a statement. */
const PROGRAMS = Buffer.from('DELIMITER ;;\n');
const PROGRAMS_END = Buffer.from('\nDELIMITER ;\n');

/** By byte, 1 for those that neither begin nor end anything. */
const MEANS_NOTHING = new Uint8Array(256).fill(1);
for (const byte of [NEWLINE, QUOTE, DOUBLE, BACKTICK, BACKSLASH, SEMICOLON]) MEANS_NOTHING[byte] = 0;

/** Reads what mariadb-dump or mysqldump wrote, as it comes. Throws for what does not end as a whole dump does. */
export async function* readDump(pieces: AsyncIterable<Buffer>): AsyncGenerator<DumpPart> {
  for await (const statement of statementsIn(pieces)) {
    const part = partOf(statement);
    if (part !== null) yield part;
  }
}

async function* statementsIn(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const memory = growing();
  const cutter = createCutter(memory);
  for await (const piece of pieces) {
    memory.add(piece);
    for (let found = cutter.next(); found !== null; found = cutter.next()) yield found;
  }
  if (!cutter.isComplete()) throw new Error('the dump ends too early');
}

/** Bytes of which those in front are done with. */
interface Memory {
  readonly bytes: Buffer;
  add(piece: Buffer): void;
  drop(count: number): void;
}

function growing(): Memory {
  let block = Buffer.allocUnsafe(1 << 20);
  let [from, to] = [0, 0];
  return {
    get bytes() {
      return block.subarray(from, to);
    },
    add(piece) {
      const length = to - from;
      if (to + piece.length > block.length) {
        const room = length + piece.length > block.length ? Buffer.allocUnsafe(2 * (length + piece.length)) : block;
        block.copy(room, 0, from, to);
        [block, from, to] = [room, 0, length];
      }
      piece.copy(block, to);
      to += piece.length;
    },
    drop(count) {
      from += count;
    },
  };
}

interface Cutter {
  /** `null`: it takes more bytes. */
  next(): Buffer | null;
  /** What is left is the last line of a whole dump. */
  isComplete(): boolean;
}

function createCutter(memory: Memory): Cutter {
  /** How far the statement that has begun was looked through. */
  let at = 0;
  let quote = 0;
  let given = 0;
  let lastLine = '';

  /** Passes over empty lines, lines of comments and programs; false where it takes more bytes to tell. */
  const begin = (): boolean => {
    for (;;) {
      const { bytes } = memory;
      const first = bytes.findIndex((byte) => byte > 0x20);
      if (first === -1) return false;
      if (first > 0) {
        memory.drop(first);
        continue;
      }
      const end = bytes.indexOf(NEWLINE);
      if (bytes.length === 1 && bytes[0] === DASH) return false;
      if (bytes[0] === DASH && bytes[1] === DASH) {
        if (end === -1) return false;
        lastLine = bytes.toString('utf8', 0, end);
        memory.drop(end + 1);
      } else if (PROGRAMS.subarray(0, bytes.length).equals(bytes.subarray(0, PROGRAMS.length))) {
        const over = bytes.indexOf(PROGRAMS_END);
        if (over === -1) return false;
        lastLine = '';
        memory.drop(over + PROGRAMS_END.length);
      } else return true;
    }
  };

  /** The place behind the statement; -1 where it goes on. */
  const cut = (bytes: Buffer): number => {
    const { length } = bytes;
    let here = at;
    let open = quote;
    const waitAt = (place: number): -1 => {
      at = place;
      quote = open;
      return -1;
    };
    for (; here < length; here += 1) {
      const byte = bytes[here] ?? 0;
      if (MEANS_NOTHING[byte] === 1) continue;
      if (open !== 0) {
        if (byte === BACKSLASH && open !== BACKTICK) {
          if (here + 1 === length) return waitAt(here);
          here += 1;
        } else if (byte === open) open = 0;
      } else if (byte === QUOTE || byte === DOUBLE || byte === BACKTICK) open = byte;
      else if (byte === SEMICOLON) {
        quote = 0;
        return here + 1;
      } else if (byte === NEWLINE) {
        // Behind the first line of MariaDB's stand comments, and no semicolon before them.
        if (here + 2 >= length) return waitAt(here);
        if (bytes[here + 1] !== DASH || bytes[here + 2] !== DASH) continue;
        const end = bytes.indexOf(NEWLINE, here + 1);
        if (end === -1) return waitAt(here);
        here = end - 1;
      }
    }
    return waitAt(length);
  };

  return {
    next() {
      memory.drop(given);
      given = 0;
      if (at === 0 && !begin()) return null;
      const { bytes } = memory;
      const end = cut(bytes);
      if (end === -1) return null;
      at = 0;
      lastLine = '';
      given = end;
      return bytes.subarray(0, end);
    },
    isComplete() {
      const rest = memory.bytes.toString('utf8', given).trim();
      return at === 0 && (rest === '' ? lastLine : rest).startsWith('-- Dump completed');
    },
  };
}

const NAME = '`((?:[^`]|``)*)`';
const TABLE = new RegExp(`^CREATE TABLE ${NAME} \\(`);
const COLUMN = '(?:`(?:[^`]|``)*`|\\w+)';
const ROWS = new RegExp(`^INSERT INTO ${NAME} \\((${COLUMN}(?:, ?${COLUMN})*)\\) VALUES\\s*`);
const [INSERT, CREATE] = [Buffer.from('INSERT '), Buffer.from('CREATE TABLE ')];
/** The head of an INSERT seldom takes more. */
const HEAD = 1 << 13;

function partOf(bytes: Buffer): DumpPart | null {
  if (bytes.subarray(0, CREATE.length).equals(CREATE)) {
    const text = bytes.toString('utf8', 0, bytes.length - 1);
    const name = TABLE.exec(text)?.[1];
    return name === undefined ? null : { kind: 'table', name: plain(name), text };
  }
  if (!bytes.subarray(0, INSERT.length).equals(INSERT)) return null;
  const [head, table, columns] = ROWS.exec(bytes.toString('utf8', 0, HEAD)) ?? ROWS.exec(bytes.toString('utf8')) ?? [];
  if (head === undefined || table === undefined || columns === undefined)
    throw new Error('the dump has rows in a form that is not known');
  const names = columns.match(new RegExp(COLUMN, 'g')) ?? [];
  return {
    kind: 'rows',
    table: plain(table),
    columns: names.map((name) => plain(name.replace(/^`(.*)`$/s, '$1'))),
    bytes,
    from: Buffer.byteLength(head),
  };
}

function plain(name: string): string {
  return name.replaceAll('``', '`');
}
