import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Tells one process from every other that ever had its number: the machine's boot, the process namespace and the moment
 * the process started. `null` where the system does not say.
 */
export function processKey(pid: number): string | null {
  const start = startOf(pid);
  const place = placeOf();
  return start === null || place === null ? null : `${place} ${start}`;
}

/** True when the process of this key is known to have ended: it ran here, and is gone. */
export function hasEnded(pid: number, key: string | null): boolean {
  const place = placeOf();
  if (key === null || place === null || !key.startsWith(`${place} `)) return false;
  return startOf(pid) !== key.slice(place.length + 1);
}

function placeOf(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

/** In clock ticks since the boot; `null` for a process that is gone, or dead and only waiting to be reaped. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
