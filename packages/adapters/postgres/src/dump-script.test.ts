import { expect, test } from 'vitest';
import { commandsOf, readScript } from './dump-script.ts';

/** The script in pieces of this many bytes. */
async function* inPieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size: number): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const part of readScript(inPieces(text, size))) {
    if (part.kind === 'statement') {
      found.push(part.text.trim());
      continue;
    }
    let rows = '';
    for await (const piece of part.pieces) rows += piece.toString('latin1');
    found.push(`${part.command.trim()} <- ${JSON.stringify(rows)}`);
  }
  return found;
}

const around = (...lines: readonly string[]): string =>
  [
    '--',
    "-- it's a dump",
    '--',
    '',
    '\\restrict AbC123',
    '',
    'SET statement_timeout = 0;',
    'SET transaction_timeout = 0;',
    "SELECT pg_catalog.set_config('search_path', '', false);",
    '',
    ...lines,
    '--',
    '-- PostgreSQL database dump complete',
    '--',
    '',
    '\\unrestrict AbC123',
    '',
  ].join('\n');

const ROWS = around(
  '--',
  "-- Data for Name: it's; Type: TABLE DATA; Schema: public; Owner: -",
  '--',
  '',
  'COPY public.t (a, b) FROM stdin;',
  '1\t\\\\.',
  '\\N\t\\\\restrict',
  '\\.',
  '',
  'COPY public.none (a) FROM stdin;',
  '\\.',
  '',
  'COPY public."a;\n--\'\n\\." (a) FROM stdin;',
  '2',
  '\\.',
  'COPY public.nothing  FROM stdin;',
  '',
  '',
  '\\.',
  "SELECT pg_catalog.setval('public.\"it''s;\n\\!\"', 7, true);",
  'SET default_tablespace = fast;',
  'BEGIN;',
  '',
  "SELECT pg_catalog.lowrite(0, '\\x00');",
  'COMMIT;',
);

test('rows and commands are told apart, wherever the script is cut into pieces', async () => {
  const expected = [
    'COPY public.t (a, b) FROM stdin; <- "1\\t\\\\\\\\.\\n\\\\N\\t\\\\\\\\restrict\\n"',
    'COPY public.none (a) FROM stdin; <- ""',
    'COPY public."a;\n--\'\n\\." (a) FROM stdin; <- "2\\n"',
    'COPY public.nothing  FROM stdin; <- "\\n\\n"',
    "SELECT pg_catalog.setval('public.\"it''s;\n\\!\"', 7, true);",
    'SET default_tablespace = fast;',
    "SELECT pg_catalog.lowrite(0, '\\x00');",
  ];
  for (let size = 1; size < 80; size += 1) expect(await read(ROWS, size)).toEqual(expected);
  expect(await read(ROWS, 1 << 20)).toEqual(expected);
});

test.each([
  '\\! touch /tmp/x',
  '\\i /etc/passwd',
  '\\connect other',
  '\\restrict',
  '\\restrict a b',
  '\\copy t from x',
])('F61 F94 %s is refused', async (command) => {
  await expect(read(around(command), 16)).rejects.toThrow('psql');
});

test('F90 a script that ends within rows or within a command is refused', async () => {
  for (const lines of ['COPY t (a) FROM stdin;\n1\n2', "SELECT 'x;\n"])
    await expect(read(lines, 7)).rejects.toThrow(/ends within/);
});

test('F61 only what stands around the commands of a script is left out', () => {
  const body = [
    '-- Name: f(); Type: FUNCTION; Schema: public; Owner: -',
    '--',
    '',
    'CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$',
    'SET statement_timeout = 0;',
    '\\restrict AbC123',
    'COMMIT;',
    "SELECT 'x'",
    '$$;',
  ].join('\n');
  expect(commandsOf(around('--', body, ''))).toBe(body);
  expect(commandsOf(around('SET default_tablespace = fast;', '--', body, ''))).toBe(
    `SET default_tablespace = fast;\n--\n${body}`,
  );
  expect(commandsOf(around())).toBe('');
});
