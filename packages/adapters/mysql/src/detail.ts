import type { Link } from './link.ts';
import { isRefused } from './wire.ts';

const CANNOT_CREATE = 1005;
const CANNOT_RENAME = 1025;
const CANNOT_REFER = 1215;

/**
 * What a server says of the statement that it has just refused where the refusal itself only says that a foreign key is
 * wrong; `null` where it said all. Never throws.
 */
export async function detailOf({ wire }: Link, thrown: unknown): Promise<string | null> {
  if (!isRefused(thrown, CANNOT_CREATE, CANNOT_RENAME, CANNOT_REFER)) return null;
  try {
    const [answer] = await wire.run('SHOW WARNINGS');
    const others = (answer?.rows ?? []).filter(({ Level, Code }) => Level === 'Warning' && Code !== `${CANNOT_REFER}`);
    return others[0]?.['Message']?.replace(/\s+/g, ' ') ?? null;
  } catch {
    return null;
  }
}
