import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { styleText } from 'node:util';

const shop = import.meta.dirname;
const cli = resolve(shop, '../../packages/cli/src/main.ts');
/** Only a folder with this file in it is ever replaced. */
const MARKER = '.made-by-the-demo';

/** Copies the shop into a folder of its own, with a command `detent` for it. Throws when something else stands there. */
export function setUp(folder: string): void {
  if (existsSync(folder)) {
    if (!existsSync(join(folder, MARKER))) {
      throw new Error(
        `${folder} was not made by this demo, so it stays as it is. Move it away, or name another folder.`,
      );
    }
    rmSync(folder, { recursive: true });
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, MARKER), 'The demo makes this folder anew each time it runs.\n');
  cpSync(join(shop, 'migrations'), join(folder, 'migrations'), { recursive: true });
  cpSync(join(shop, 'detent.config.ts'), join(folder, 'detent.config.ts'));
  symlinkSync(join(shop, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  writeFileSync(
    join(folder, 'detent'),
    `#!/bin/sh\ncd "$(dirname "$0")" && exec ${command.map(quoted).join(' ')} "$@"\n`,
  );
  chmodSync(join(folder, 'detent'), 0o755);
  writeFileSync(join(folder, 'detent.cmd'), `@cd /d "%~dp0" && ${command.map((word) => `"${word}"`).join(' ')} %*\r\n`);
}

const command = [process.execPath, '--conditions=source', cli];

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Runs `detent` in the folder, in this terminal, and throws when it ends with another exit code than told. */
export async function detent(folder: string, args: readonly string[], expected = 0): Promise<void> {
  console.log(`${styleText('gray', '$')} ${styleText('bold', ['detent', ...args].join(' '))}`);
  const [node = '', ...first] = command;
  const code = await new Promise<number | null>((settle, fail) => {
    const child = spawn(node, [...first, ...args], { cwd: folder, stdio: 'inherit' });
    child.on('error', fail).on('close', settle);
  });
  check(code === expected, `detent ${args.join(' ')} ended with ${code} instead of ${expected}`);
}

export function check(fact: boolean, otherwise: string): void {
  if (!fact) throw new Error(`The demo did not go as told: ${otherwise}.`);
}

/** A heading, and why it is worth a look. */
export function scene(number: number, title: string, why: string): void {
  const rule = '─'.repeat(Math.max(4, 74 - title.length));
  console.log(
    `\n${styleText('cyan', `── ${number} `)}${styleText('bold', title)} ${styleText('cyan', rule)}\n${why}\n`,
  );
}
