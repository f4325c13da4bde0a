import { posix } from 'node:path';

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly from: string;
  readonly kind: 'value' | 'type' | 'lazy';
}

const OURS = '@detent/';

/** Package folder → the packages of ours its source may import; `'any'` for the composition root. */
const MAY_IMPORT: Readonly<Record<string, readonly string[] | 'any'>> = {
  'packages/core': [],
  'packages/sql': ['core'],
  'packages/schema': [],
  'packages/adapters/*': ['core', 'sql', 'schema'],
  'packages/conformance': ['core', 'sql', 'schema'],
  'packages/integrations/*': ['core'],
  // It ends in one file for projects that install nothing, so it brings together what the command brings together.
  'packages/integrations/github-action': ['core', 'cli', 'sqlite', 'postgres', 'mysql', 'mongo'],
  'packages/service': ['core', 'schema'],
  'packages/dashboard': ['service'],
  'packages/cli': 'any',
};

/** What tests may import on top: every adapter runs the conformance suite, and integrations need some adapter. */
const TESTS_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'packages/adapters/*': ['conformance', 'tests'],
  'packages/integrations/*': ['sqlite', 'postgres', 'tests'],
  'packages/integrations/github-action': ['tests'],
};

const NOT_ADAPTERS = ['core', 'sql', 'schema', 'conformance', 'cli', 'service', 'dashboard', 'express', 'nest', 'vite'];

/**
 * The rooms of core, lowest first. A room imports values from its own row and the rows before it in this list. A single
 * file beside the rooms that is not named here is ground: everyone may import it. `config-shape.ts` belongs to `config`.
 */
const CORE_ROOMS: readonly (readonly string[])[] = [
  ['ports', 'errors', 'events', 'result', 'ground'],
  ['scan', 'validate', 'plan', 'history', 'config'],
  ['run', 'backup', 'rollback'],
  ['executor'],
  ['render'],
  ['boot'],
  ['index'],
];

const FILE_SYSTEM_ROOMS = ['scan', 'backup'];
const MAY_EXIT = ['packages/cli/', 'packages/integrations/github-action/'];
/** A database; the name of another tool is none. */
const DIALECT = /sqlite|postgres|mysql|mariadb|(?<!migrate-)mongo/i;

const TOKEN = new RegExp(
  [
    /\/\*[\s\S]*?\*\//, // block comment
    /\/\/[^\n]*/, // line comment
    /'(?:\\.|[^'\\\n])*'/,
    /"(?:\\.|[^"\\\n])*"/,
    /`(?:\\.|[^`\\])*`/,
    /(?<=(?:[=(,:!&|?{};[]|=>|\breturn)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//, // regular expression
  ]
    .map((part) => part.source)
    .join('|'),
  'g',
);

/** Comments become spaces; line numbers stay. */
export function withoutComments(text: string): string {
  return text.replace(TOKEN, (token) => (/^\/[/*]/.test(token) ? token.replace(/[^\n]/g, ' ') : token));
}

export function importsOf(code: string): Import[] {
  const found: Import[] = [];
  for (const match of code.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'"`;=]*?\bfrom\s*['"]([^'"]+)['"]/gm)) {
    found.push({ from: match[2] ?? '', kind: match[1] === undefined ? 'value' : 'type' });
  }
  for (const match of code.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm))
    found.push({ from: match[1] ?? '', kind: 'value' });
  for (const match of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g))
    found.push({ from: match[1] ?? '', kind: 'lazy' });
  return found;
}

function roomOf(coreFile: string): string {
  const [first = '', ...rest] = coreFile.slice('packages/core/src/'.length).split('/');
  if (rest.length > 0) return first;
  const name = first.replace(/(-.*)?\.ts$/, '');
  return rowOf(name) < 0 ? 'ground' : name;
}

const rowOf = (room: string): number => CORE_ROOMS.findIndex((row) => row.includes(room));

/** `packages/adapters/sqlite/src/lock.ts` → its folder and the row of the table that governs it. */
function packageOf(path: string): { folder: string; row: string } | undefined {
  const [top, first, second] = path.split('/');
  if (top !== 'packages' || first === undefined || second === undefined) return undefined;
  const nested = first === 'adapters' || first === 'integrations';
  const folder = `packages/${first}/${second}`;
  return nested
    ? { folder, row: Object.hasOwn(MAY_IMPORT, folder) ? folder : `packages/${first}/*` }
    : { folder: `packages/${first}`, row: `packages/${first}` };
}

/** Every breach of the import table in ARCHITECTURE.md, as `path: what is wrong`; empty when it holds. */
export function violations(files: readonly SourceFile[]): string[] {
  const found: string[] = [];
  for (const { path, text } of files) {
    const home = packageOf(path);
    if (home === undefined) continue;
    const breach = (what: string): void => void found.push(`${path}: ${what}`);
    const allowed = MAY_IMPORT[home.row];
    if (allowed === undefined) {
      breach(`${home.row} is not in the table`);
      continue;
    }
    const isTest = path.endsWith('.test.ts') || path.includes('/fixtures/');
    const code = withoutComments(text);

    for (const { from, kind } of importsOf(code)) {
      if (from.startsWith('.')) {
        const target = posix.join(posix.dirname(path), from);
        if (!target.startsWith(`${home.folder}/`)) breach(`reaches out of its package to ${from}`);
        else if (home.row === 'packages/core' && !isTest) coreOrder(path, target, kind, breach);
        continue;
      }
      if (from.startsWith(OURS)) {
        const name = from.slice(OURS.length).split('/')[0] ?? '';
        const extra = isTest ? (TESTS_MAY_IMPORT[home.row] ?? []) : [];
        const self = home.folder.endsWith(`/${name}`);
        if (allowed !== 'any' && !self && !allowed.includes(name) && !extra.includes(name)) breach(`imports ${from}`);
        if (allowed === 'any' && !isTest && kind === 'value' && !NOT_ADAPTERS.includes(name))
          breach(`imports the adapter ${from} eagerly`);
        continue;
      }
      if (home.row === 'packages/core' && !isTest) {
        if (!from.startsWith('node:')) breach(`imports ${from}; core has no dependencies`);
        if (/^node:fs\b/.test(from) && !FILE_SYSTEM_ROOMS.includes(roomOf(path)))
          breach(`imports ${from} outside scan and backup`);
      }
    }

    if (isTest) continue;
    if (/\bprocess\.exit\b/.test(code) && !MAY_EXIT.some((folder) => path.startsWith(folder)))
      breach('calls process.exit');
    if (home.row === 'packages/core') {
      code.split('\n').forEach((line, index) => {
        const name = DIALECT.exec(line)?.[0];
        if (name !== undefined) breach(`names the dialect ${name} in line ${index + 1}`);
      });
    }
  }
  return found;
}

/** Types are erased, so a lower room may name a type of a higher one; nobody but the index takes `render`. */
function coreOrder(path: string, target: string, kind: Import['kind'], breach: (what: string) => void): void {
  const [room, other] = [roomOf(path), roomOf(target)];
  const [row, otherRow] = [rowOf(room), rowOf(other)];
  if (row < 0) breach(`the room ${room} is not in the table`);
  else if (otherRow < 0) breach(`imports ${other}, a room that is not in the table`);
  else if (kind !== 'type' && otherRow > row) breach(`${room} imports ${other}, which stands above it`);
}
