import type { HistoryRow, LedgerLine, MigrationSession } from '@detent/core';
import { overlay, withSessions } from './overlay.ts';
import type { Tampering } from './workplace.ts';

/** Which check of the kit must notice it. */
export type Noticing = 'strategies' | 'crashes' | 'race' | 'fingerprint' | 'transaction';

export interface Breakage {
  readonly noticedBy: Noticing;
  /** Of a part that some databases lack. */
  readonly breaks?: 'backups' | 'scripts';
  tamper<Db>(session: MigrationSession<Db>): MigrationSession<Db>;
}

/** Sessions that are broken on purpose, each as some tool has been. A kit that lets one of them pass is worth nothing. */
export const BREAKAGES: Readonly<Record<string, Breakage>> = {
  'a transaction that is not rolled back': { noticedBy: 'transaction', tamper: committingAnyway },
  'a script that is not rolled back': { noticedBy: 'strategies', breaks: 'scripts', tamper: committingAnyway },
  'a record that is written after the work was committed': { noticedBy: 'crashes', tamper: recordingLate },
  'a lock that anyone may take': {
    noticedBy: 'race',
    tamper: (session) =>
      overlay(session, {
        lock: overlay(session.lock, {
          async tryAcquire(owner) {
            await session.lock.break({ fence: false });
            return session.lock.tryAcquire(owner);
          },
        }),
      }),
  },
  'a restore that brings nothing back': {
    noticedBy: 'strategies',
    breaks: 'backups',
    tamper: (session) =>
      overlay(session, {
        backup: overlay(session.backup, { restore: (_manifest, record) => record(session.history) }),
      }),
  },
  'a restore that forgets the history': {
    noticedBy: 'strategies',
    breaks: 'backups',
    tamper: (session) =>
      overlay(session, {
        backup: overlay(session.backup, {
          restore: (manifest) => session.backup.restore(manifest, async () => undefined),
        }),
      }),
  },
  'a failure that is swallowed': {
    noticedBy: 'strategies',
    breaks: 'scripts',
    tamper: (session) =>
      overlay(session, {
        transaction: (scope, work) => session.transaction({ ...scope, atOnce: false }, work),
        execute: (statements, file, progress) => session.execute(statements, file, progress).catch(() => []),
      }),
  },
  'a transaction that fails and is taken for done': {
    noticedBy: 'strategies',
    tamper: (session) =>
      overlay(session, {
        transaction: (scope, work) => session.transaction(scope, work).catch(() => undefined as never),
      }),
  },
  'a history that keeps nothing': {
    noticedBy: 'strategies',
    tamper: (session) => overlay(session, { history: overlay(session.history, { save: async () => undefined }) }),
  },
  'a fingerprint that is always the same': {
    noticedBy: 'fingerprint',
    tamper: (session) => overlay(session, { fingerprint: async () => 'sha256:00' }),
  },
};

/** Applies a breakage to every session of an adapter. */
export function broken<Db>(name: string): Tampering<Db> {
  const breakage = BREAKAGES[name];
  if (breakage === undefined) throw new Error(`There is no breakage "${name}".`);
  // Whole, a migration would pass by what is broken.
  return (adapter) => withSessions(adapter, (session) => breakage.tamper(overlay(session, { compose: undefined })));
}

/** Commits what its work did before it failed, and then says that it failed. */
function committingAnyway<Db>(session: MigrationSession<Db>): MigrationSession<Db> {
  return overlay(session, {
    async transaction(scope, work) {
      let failure: { readonly thrown: unknown } | null = null;
      const result = await session.transaction({ ...scope, atOnce: false }, () =>
        work().catch((thrown: unknown) => {
          failure = { thrown };
          return undefined as never;
        }),
      );
      if (failure !== null) throw (failure as { readonly thrown: unknown }).thrown;
      return result;
    },
  });
}

/** Executes, commits, and then says so: a process that dies in between does the work twice. */
function recordingLate<Db>(session: MigrationSession<Db>): MigrationSession<Db> {
  const late: (() => Promise<void>)[] = [];
  let working = false;
  const { history } = session;
  const later = (write: () => Promise<void>): Promise<void> => {
    if (!working) return write();
    late.push(write);
    return Promise.resolve();
  };
  return overlay(session, {
    history: overlay(history, {
      save: (row: HistoryRow) => later(() => history.save(row)),
      append: (line: LedgerLine) => later(() => history.append(line)),
    }),
    async transaction(scope, work) {
      late.length = 0;
      const result = await session.transaction(scope, async () => {
        working = true;
        try {
          return await work();
        } finally {
          working = false;
        }
      });
      for (const write of late.splice(0)) await write();
      return result;
    },
  });
}
