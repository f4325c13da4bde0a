import { randomBytes } from 'node:crypto';
import type { Secrets } from './secrets.ts';

/** Where in a file, as annotations name it: from the root of the repository. */
export interface Spot {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** Everything that this process prints. Whatever a migration prints, the runner takes no command from it. */
export interface Log {
  write(text: string): void;
  /** Tells the runner to hide it too. */
  hide(secret: string): void;
  annotate(level: 'error' | 'warning' | 'notice', message: string, title: string, spot?: Spot): void;
}

export function openLog(secrets: Secrets, out: NodeJS.WriteStream = process.stdout): Log {
  const token = randomBytes(16).toString('hex');
  const write = guard(out, secrets);
  guard(process.stderr, secrets);
  const command = (line: string): void => write(`::${token}::\n${line}\n::stop-commands::${token}\n`);
  for (const secret of secrets.all) write(`::add-mask::${data(secret)}\n`);
  write(`::stop-commands::${token}\n`);
  return {
    write: (text) => void out.write(text),
    hide: (secret) => {
      secrets.add(secret);
      command(`::add-mask::${data(secret)}`);
    },
    annotate: (level, message, title, spot) => {
      const place = spot === undefined ? [] : placeOf(spot);
      const properties = [...place, `title=${property(secrets.mask(title))}`].join(',');
      command(`::${level} ${properties}::${data(secrets.mask(message))}`);
    },
  };
}

/** Migrations print what they like; from here on it is masked. Gives the way to print as it is. */
function guard(stream: NodeJS.WriteStream, secrets: Secrets): (text: string) => void {
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const done = rest.findLast((value) => typeof value === 'function') as (() => void) | undefined;
    return write(secrets.mask(text), done);
  };
  return (text) => void write(text);
}

function placeOf({ file, line, column }: Spot): string[] {
  return [
    `file=${property(file)}`,
    ...(line === undefined ? [] : [`line=${line}`]),
    ...(column === undefined ? [] : [`col=${column}`]),
  ];
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
