import { readFileSync, realpathSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { DetentError, type Place } from '../errors.ts';

/** Says why Node could not load the module, where, and what to do. `file` is the path that people see. */
export function explainLoadError(thrown: unknown, filepath: string, file: string): DetentError {
  if (thrown instanceof DetentError) return thrown;
  const { message, code, stack } = wordsOf(thrown);
  const found = placeOf(stack) ?? (thrown instanceof SyntaxError ? syntaxPlace(filepath) : null);
  const inside = found === null || samePath(found.file, filepath);
  const place: Place = { ...found, file: inside || found === null ? file : found.file };
  const said = message.split('\n', 1)[0]?.replace(/\.$/u, '') ?? '';
  const where = inside ? '' : ` (in ${place.file})`;
  return new DetentError('MODULE_LOAD', `${file} cannot be loaded: ${said}${where}.`, {
    hint: hintFor(code, message),
    facts: { place, filepath },
    cause: thrown,
  });
}

function wordsOf(thrown: unknown): { message: string; code: string; stack: string } {
  if (!(thrown instanceof Error))
    return {
      message: `it threw ${typeof thrown === 'string' ? thrown : 'something that is no error'}`,
      code: '',
      stack: '',
    };
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  return { message: thrown.message, code, stack: thrown.stack ?? '' };
}

function hintFor(code: string, message: string): string {
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Node strips types and changes nothing else: write a plain object instead of an enum, a field and an assignment instead of a parameter property, or compile the file to .js.';
  }
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    return 'Node loads no TypeScript below node_modules: compile the file to .js.';
  if (
    /^Cannot find package|^Cannot find module '[^./]/u.test(message) &&
    !/^Cannot find module '(?:\/|[A-Za-z]:\\)/u.test(message)
  ) {
    return 'Install the package where the migrations are, and check how its name is written.';
  }
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    return 'Check the path; Node wants the extension of the file as it is on disk, so "./x.ts", not "./x" or "./x.js".';
  }
  if (/^(?:module|exports|require|__dirname|__filename) is not defined/u.test(message)) {
    return 'The file is an ES module: write import and export, or name it .cjs (.cts).';
  }
  if (/^Unexpected token 'export'|^Cannot use import statement/u.test(message)) {
    return 'The file is CommonJS: write require and module.exports, name it .mjs (.mts), or set "type": "module" in the nearest package.json.';
  }
  if (message.includes('does not provide an export named')) {
    return 'Check the name; a type is imported with "import type", because Node does not look at types.';
  }
  if (code === 'ERR_INVALID_TYPESCRIPT_SYNTAX' || /token|unexpected|missing|invalid/iu.test(message))
    return 'Correct the syntax; Node understands neither decorators nor JSX.';
  return 'Correct what the file does when it is loaded; work on the database belongs into up and down.';
}

/** The first place in a file that the stack names: `/x.ts:3`, or `at … (file:///x.ts:3:7)`. */
function placeOf(stack: string): Place | null {
  const lines = stack.split('\n');
  const head = /^(.+):(\d+)$/u.exec(lines[0] ?? '');
  if (head !== null && !/^\w*Error/u.test(lines[0] ?? '')) {
    const [, path = '', line = ''] = head;
    const caret = lines.slice(1, 5).find((text) => /^\s*\^+\s*$/u.test(text));
    return {
      file: toPath(path),
      line: Number(line),
      ...(caret === undefined ? {} : { column: caret.indexOf('^') + 1 }),
    };
  }
  for (const text of lines) {
    const frame = /^\s*at (?:.*\()?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):(\d+)\)?$/u.exec(text);
    if (frame === null) continue;
    const [, path = '', line = '', column = ''] = frame;
    return { file: toPath(path), line: Number(line), column: Number(column) };
  }
  return null;
}

function toPath(written: string): string {
  const bare = written.replace(/\?.*$/u, '');
  return bare.startsWith('file:') ? fileURLToPath(bare) : bare;
}

function samePath(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

/** Node does not say where the syntax of an ES module is wrong; its TypeScript parser does. */
function syntaxPlace(filepath: string): Place | null {
  try {
    stripTypeScriptTypes(readFileSync(filepath, 'utf8'), { sourceUrl: filepath });
    return null;
  } catch (thrown) {
    return thrown instanceof Error ? placeOf(thrown.stack ?? '') : null;
  }
}
