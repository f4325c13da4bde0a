import { withoutPasswords } from '@detent/core/render';

const MASK = '***';
/** Shorter ones are words that stand everywhere. */
const SHORTEST = 4;
const SECRET_NAME = /password|passwd|_pwd$|secret|token|api_?key|private_?key|credential|(?:^|_)(?:url|dsn)$/iu;

/** Takes what must not be seen out of everything that leaves this process. */
export class Secrets {
  readonly #known = new Set<string>();

  /** Keeps what is secret of a URL, and other text as a whole. */
  add(text: string | null | undefined): void {
    if (text === null || text === undefined) return;
    for (const part of partsOf(text).flatMap(withLines)) {
      for (const form of [part, decoded(part), encodeURIComponent(part), JSON.stringify(part).slice(1, -1)])
        if (form.length >= SHORTEST) this.#known.add(form);
    }
  }

  /** Keeps the values of variables whose names say that they are secret. */
  addFrom(env: NodeJS.ProcessEnv): void {
    for (const [name, value] of Object.entries(env)) {
      if (SECRET_NAME.test(name)) this.add(value);
    }
  }

  /** The longest first, so that no rest of one stays. */
  get all(): readonly string[] {
    return [...this.#known].sort((a, b) => b.length - a.length);
  }

  mask(text: string): string {
    let masked = text;
    for (const secret of this.all) masked = masked.replaceAll(secret, MASK);
    return withoutPasswords(masked);
  }
}

/** A key of several lines may be shown line by line. */
function withLines(text: string): string[] {
  const lines = text.split(/\r?\n/u).filter((line) => line.length >= 16 && !line.startsWith('-----'));
  return text.includes('\n') ? [text, ...lines] : [text];
}

/** By patterns, because what is no URL for `URL` may still hold a password. */
function partsOf(text: string): string[] {
  const worded = [...text.matchAll(/\b(?:password|pwd)\s*=\s*([^\s;&]+)/giu)].map(([, value = '']) => value);
  if (!/^[a-z][a-z0-9+.-]*:/iu.test(text)) return [text, ...worded];
  // An unencoded `@` or `/` in a password makes more than one reading; all are kept.
  const passwords = [
    /^[a-z][a-z0-9+.-]*:\/\/[^/?#:]*:([^/?#]*)@/iu,
    /^[a-z][a-z0-9+.-]*:\/\/[^/?#:]*:([^@]*)@/iu,
    /^[a-z][a-z0-9+.-]*:\/\/[^/?#:]*:(.*)@/isu,
  ].flatMap((pattern) => pattern.exec(text)?.[1] ?? []);
  const query = /\?([^#]*)/su.exec(text)?.[1] ?? '';
  // Plain settings such as `sslmode=require` are worth reading.
  const parameters = query
    .split('&')
    .map((pair) => pair.replace(/^[^=]*=?/u, ''))
    .filter((value) => value.length >= 8 && !/^[a-z][a-z-]*$/u.test(value));
  const found = [...passwords, ...parameters, ...worded];
  return found.length === 0 ? [] : [text, ...found];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
