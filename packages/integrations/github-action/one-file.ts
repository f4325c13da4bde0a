import { basename, dirname, join } from 'node:path';
import type { TsdownPlugin } from '../../../tsdown.base.ts';

const ENTRY = 'index.cjs';
const END = '*/';
const WRITTEN_END = '*%/';

/**
 * Makes one file of the entry and of everything that is imported later. What is imported later stands in a comment behind
 * the code, because text that V8 skips costs a start next to nothing, and is compiled when it is asked for.
 */
export function oneFile(): TsdownPlugin {
  return {
    name: 'one-file',
    transform(code, id) {
      const thread =
        /const file = .*'(\.\/[\w-]+)\.js';\s*const worker = new Worker\(new URL\(file, import\.meta\.url\), \{/u;
      const [text, name] = thread.exec(code) ?? [];
      if (text === undefined || name === undefined) return null;
      // A thread has no file of its own: it is this one, told with which part to begin.
      this.emitFile({ type: 'chunk', id: join(dirname(id), `${name}.ts`), fileName: `${basename(name)}.cjs` });
      return code.replace(text, `const worker = new Worker(__filename, { argv: ['${name}.cjs'],`);
    },
    renderChunk: withoutNamespaces,
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const chunks = Object.values(bundle).flatMap((output) => (output.type === 'chunk' ? [output] : []));
        const entry = chunks.find(({ fileName }) => fileName === ENTRY);
        if (entry === undefined) throw new Error(`There is no ${ENTRY}.`);
        const parts = chunks.filter((chunk) => chunk !== entry);
        for (const { fileName } of parts) delete bundle[fileName];
        entry.code = joined(
          entry.code,
          parts.map(({ fileName, code }) => ({ name: `./${fileName}`, text: written(fileName, code) })),
        );
      },
    },
  };
}

/** A module of Node needs no namespace, for which all of its exports would be made. */
function withoutNamespaces(code: string): string {
  return code.replaceAll(/\bimport\(["'](node:[\w/]+)["']\)/gu, 'Promise.resolve(require("$1"))');
}

function written(fileName: string, code: string): string {
  // Bytes are counted as characters, and Git may change how lines end.
  if (/[\r\u0080-\uffff]/u.test(code)) throw new Error(`${fileName} is not ASCII, or has a CR.`);
  if (code.includes(WRITTEN_END)) throw new Error(`${fileName} holds ${WRITTEN_END}.`);
  if (code.includes(`require("./${ENTRY}")`))
    throw new Error(`${fileName} needs the entry, which runs when it is loaded.`);
  return code.replaceAll(END, WRITTEN_END);
}

function joined(entry: string, parts: readonly { readonly name: string; readonly text: string }[]): string {
  const places: Record<string, readonly [fromEnd: number, length: number]> = {};
  let fromEnd = `\n${END}\n`.length;
  for (const { name, text } of parts.toReversed()) {
    fromEnd += text.length;
    places[name] = [fromEnd, text.length];
    fromEnd += '\n'.length;
  }
  return [opening(places), entry, '/*', ...parts.map(({ text }) => text), END, ''].join('\n');
}

/** Takes the place of `require`, for the parts. */
function opening(places: object): string {
  return `'use strict';
const places = ${JSON.stringify(places)};
require = ((require) => {
  const { closeSync, fstatSync, openSync, readSync } = require('node:fs');
  const { compileFunction, constants } = require('node:vm');
  const loaded = {};
  const read = ([fromEnd, length]) => {
    const text = Buffer.allocUnsafe(length);
    const file = openSync(__filename, 'r');
    readSync(file, text, 0, length, fstatSync(file).size - fromEnd);
    closeSync(file);
    return text.latin1Slice().replaceAll('${WRITTEN_END}', '${END}');
  };
  const load = (name) => {
    if (loaded[name] !== undefined) return loaded[name].exports;
    if (places[name] === undefined) return require(name);
    const part = (loaded[name] = { exports: {} });
    compileFunction(read(places[name]), ['require', 'module', 'exports', '__filename', '__dirname'], {
      filename: __filename + name.slice(1),
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    })(load, part, part.exports, __filename, __dirname);
    return part.exports;
  };
  return Object.assign(load, require);
})(require);
if (places[process.argv[2]] !== undefined) return void require(process.argv[2]);
`;
}
