import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Tells one process from every other that ever had its number: the machine's boot, the process namespace and the moment
 * the process started. `null` where the system does not say.
 */
export function processKey(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const start = startOf(pid);
    return start === null ? null : `${boot} ${readlinkSync('/proc/self/ns/pid')} ${start}`;
  } catch {
    return null;
  }
}

/** Whether the process that has this key is known to have ended; `null` when that cannot be told from here. */
export function hasEnded(pid: number, key: string | null, host: string, ownHost: string): boolean | null {
  const own = processKey(process.pid);
  if (own === null || key === null) {
    return key === null && own === null && host === ownHost && !exists(pid) ? true : null;
  }
  if (own.slice(0, own.lastIndexOf(' ')) !== key.slice(0, key.lastIndexOf(' '))) return null;
  return startOf(pid) !== key.slice(key.lastIndexOf(' ') + 1);
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

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
