import { basename } from 'node:path';

/**
 * A version for a new migration: the time in UTC as yyyymmddHHMMSS, or, where a file has that or a later one already,
 * the one after the latest. `names` are paths of migrations, and of whatever stands beside them.
 */
export function nextVersion(names: readonly string[], now: Date): string {
  const latest = names.reduce((most, name) => {
    const digits = /^[VU]?(\d{1,20})(?=[._-])/.exec(basename(name))?.[1];
    const version = digits === undefined ? 0n : BigInt(digits);
    return version > most ? version : most;
  }, 0n);
  const time = BigInt(now.toISOString().replace(/\D/g, '').slice(0, 14));
  return (latest < time ? time : latest + 1n).toString();
}
