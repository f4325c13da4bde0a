import type { Aside } from './aside.ts';
import { createAside } from './aside.ts';
import type { Link } from './link.ts';
import { lookAround, type Solitude } from './witness.ts';
import type { Wire } from './wire.ts';

/** How long for a lock, where nobody said. */
const LOCK_MS = 10_000;

export function lockMsOf(link: Link): number {
  return link.limits.lockMs || LOCK_MS;
}

/** The connection that a snapshot is read by: one of its own, where there can be one. */
export async function readerOf(link: Link): Promise<Wire> {
  return (await link.beside()) ?? link.wire;
}

/** The session itself, where it is free to sum while `wire` copies. */
export async function asideOf(link: Link, wire: Wire): Promise<Aside | null> {
  return wire === link.wire || (await link.greeting()).pooled ? null : createAside(link);
}

/** Whether nobody is here but this session and its reader; see `lookAround`. */
export async function solitudeOf(link: Link, end: 'begins' | 'ends'): Promise<Solitude> {
  const wire = await readerOf(link);
  const { pid, pooled, versionNumber } = await link.greeting();
  const own = pooled ? [] : [pid, ...(wire.startPid === null ? [] : [wire.startPid])];
  return lookAround(link.ask, own, end, versionNumber);
}
