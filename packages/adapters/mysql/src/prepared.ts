import type { Link } from './link.ts';
import { valueOf } from './wire.ts';

/** What the statements that a session prepared say. */
export interface Prepared {
  /** After a statement was executed: keeps what it prepared. */
  note(text: string): Promise<void>;
  /** What an EXECUTE that comes next would run; `null` where nobody knows, or where it is none. */
  behind(text: string): Promise<string | null>;
}

const PREPARE = /^\s*prepare\s+(\S+)\s+from\s+([\s\S]+)$/i;
const IMMEDIATE = /^\s*execute\s+immediate\s+([\s\S]+?)(?:\s+using\s[\s\S]*)?$/i;
const EXECUTE = /^\s*execute\s+(\S+?)(?:\s+using\s[\s\S]*)?$/i;

export function createPrepared(link: Link): Prepared {
  const texts = new Map<string, string>();
  /** The server says what a literal or a variable stands for. */
  const valueBehind = async (expression: string): Promise<string | null> => {
    try {
      return valueOf((await link.wire.run(`SELECT ${expression}`))[0]);
    } catch {
      return null;
    }
  };
  const named = (name: string): string => name.replaceAll('`', '').toLowerCase();
  return {
    async note(text) {
      const [, name, expression] = PREPARE.exec(text) ?? [];
      if (name === undefined || expression === undefined) return;
      const value = await valueBehind(expression);
      if (value === null) texts.delete(named(name));
      else texts.set(named(name), value);
    },
    async behind(text) {
      const [, expression] = IMMEDIATE.exec(text) ?? [];
      if (expression !== undefined) return valueBehind(expression);
      const [, name] = EXECUTE.exec(text) ?? [];
      return name === undefined ? null : (texts.get(named(name)) ?? null);
    },
  };
}
