import { DetentError, type BackupDriver } from '@detent/core';

/** Why there is no backup, as one sentence. */
export const NO_BACKUP = 'This version of the adapter for PostgreSQL makes no backups yet.';

/** Refuses in `check`, before anything runs. */
export function createBackup(): BackupDriver {
  const refuse = async (): Promise<never> => {
    throw new DetentError('BACKUP_UNFIT', NO_BACKUP, { hint: 'Choose the strategy "none" or "down".' });
  };
  return {
    check: async () => [NO_BACKUP],
    backup: refuse,
    verify: refuse,
    sums: refuse,
    othersWrote: refuse,
    restore: refuse,
  };
}
