import { DetentError, type BackupDriver } from '@detent/core';

export const NO_BACKUP = 'Backups of MongoDB are not there yet.';

export function createBackup(): BackupDriver {
  const refuse = async (): Promise<never> => {
    throw new DetentError('BACKUP_UNFIT', NO_BACKUP, { hint: 'Choose the strategy "down" or "none".' });
  };
  return {
    check: async () => [NO_BACKUP],
    backup: refuse,
    verify: refuse,
    sums: refuse,
    othersWrote: refuse,
    restore: refuse,
    delete: refuse,
  };
}
