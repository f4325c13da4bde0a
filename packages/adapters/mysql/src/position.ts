import type { Failure } from './failure.ts';

/** In UTF-16 units from 0: where in the statement stands what the server refuses. `null` where it does not say. */
export function positionIn(text: string, { code, message }: Failure): number | null {
  if (code === '1064') return positionNear(text, message);
  const name = (KEYS.test(code) ? IN_KEY : NAMING.test(code) ? QUOTED : null)?.exec(message)?.[1];
  return name === undefined ? null : (placeOfName(text, name) ?? placeOfName(text, name.split('.').at(-1) ?? ''));
}

/** What they quote first is a column, a key or a table of the statement. */
const NAMING = /^(?:1050|1051|1054|1060|1061|1072|1091|1146|1176|1824|3734|3780)$/;
const QUOTED = /(?<!\w)[`'](.+?)[`'](?!\w)/;

/** What is wrong with a foreign key is told in more words, when the server is asked for them. */
const KEYS = /^(?:1005|1025|1215)$/;
const IN_KEY = /(?:column '?|Referenced table `.*?`\.`)(\w+)['`]? (?:was not found|does not match|not found)/i;

/** The server quotes what stands there, cut after some signs, on the line that it names. */
function positionNear(text: string, message: string): number | null {
  const [, near = '', line = ''] = /near '([\s\S]*)' at line (\d+)$/.exec(message) ?? [];
  if (line === '') return null;
  const lines = text.split('\n');
  const before = lines.slice(0, Number(line) - 1).join('\n').length + (line === '1' ? 0 : 1);
  // At the end of the statement it quotes nothing.
  if (near === '') return text.length;
  const found = text.indexOf(near.slice(0, 40), before);
  return found === -1 ? before : found;
}

/** `null` where it stands in several places, or in none as it is. */
function placeOfName(text: string, name: string): number | null {
  if (name === '') return null;
  const word = new RegExp(`(?<![\\w$])${name.replaceAll(/\W/g, '\\$&')}(?![\\w$])`, 'gi');
  const found = [...text.matchAll(word)];
  return found.length === 1 ? (found[0]?.index ?? null) : null;
}
