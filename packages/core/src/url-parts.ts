import { misuse } from './errors.ts';

/** A part of a URL as it was meant. Throws `CONFIG` for what is not percent-encoded; `hint` says which signs have to be. */
export function decodeUrlPart(text: string, what: string, hint: string): string {
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes('\0')) return decoded;
  } catch {
    // Said below.
  }
  throw misuse(`${what} is not percent-encoded as it should be.`, hint);
}

/** What stands before the first `mark` and behind it; all of it where there is none. */
export function splitOnce(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
