import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeText, goodFile, type BadInput, type BadInputs } from './bad-input.ts';

/** Histories, backups, and files that do not go with them. */
export const badHistories: BadInputs = (target) => {
  const { language } = target;
  const [first, second, third] = ['1', '2', '3'].map((version) => goodFile(target, version));
  const foreign = Object.entries(language.foreignHistories).map(([name, commands]): BadInput => ({
    name: `a history table ${name}`,
    code: 'HISTORY_FOREIGN',
    files: { ...first },
    commands,
  }));
  const damaged = language.damages.map(({ name, commands, code }): BadInput => ({
    name: `a history with ${name}`,
    code,
    applied: { ...first },
    files: { ...first, ...second },
    commands,
  }));
  const edited = Object.fromEntries(
    Object.entries(first ?? {}).map(([file, text]) => [file, `${String(text)}\n-- edited\n`]),
  );
  const files: readonly BadInput[] = [
    { name: 'F49 an applied file that was edited', code: 'CHECKSUM', applied: { ...first }, files: edited },
    {
      name: 'F49 an applied file that was edited, with more to do',
      code: 'CHECKSUM',
      applied: { ...first },
      files: { ...edited, ...second },
    },
    {
      name: 'F46 a file older than what is applied',
      code: 'OUT_OF_ORDER',
      applied: { ...second },
      files: { ...first, ...second },
    },
    {
      name: 'F49 an applied file that is gone, where that is an error',
      code: 'MISSING',
      applied: { ...first, ...second },
      files: { ...second, ...third },
      options: { onMissing: 'error' },
    },
    {
      name: 'F48 a database ahead of its files, where that is an error',
      code: 'AHEAD',
      applied: { ...first, ...second },
      files: { ...first },
      options: { onAhead: 'error' },
    },
    {
      name: 'an applied module without a way back to undo',
      code: 'DOWN_MISSING',
      applied: { 'V1_x.mjs': 'export function up() {}\n' },
      files: { 'V1_x.mjs': 'export function up() {}\n' },
      ask: (executor) => executor.down(),
    },
    {
      name: 'an applied module to undo whose file is gone',
      code: 'DOWN_MISSING',
      applied: { 'V1_x.mjs': codeText },
      files: { ...second },
      ask: (executor) => executor.down(),
    },
    {
      name: 'an applied file to do again that is gone',
      code: 'MISSING',
      applied: { ...first },
      files: { ...second },
      ask: (executor) => executor.redo(),
    },
  ];
  // Where there can be no backup at all, that is what is wrong with one that is to be restored.
  const unreadable = target.limits?.backups === undefined ? 'BACKUP_DAMAGED' : 'BACKUP_UNFIT';
  const backups: readonly BadInput[] = [
    {
      name: 'a folder for backups that is a file',
      code: 'BACKUP_UNFIT',
      files: { ...first },
      options: { rollback: 'backup', backup: { folder: 'file' } },
      prepare: (folder) => writeFileSync(join(folder, '..', 'file'), 'x'),
    },
    {
      name: 'a folder for backups below a file',
      code: 'BACKUP_UNFIT',
      files: { ...first },
      options: { rollback: 'both', backup: { folder: 'file/backups' } },
      prepare: (folder) => writeFileSync(join(folder, '..', 'file'), 'x'),
    },
    {
      name: 'a backup that is not there',
      code: unreadable,
      files: { ...first },
      options: { rollback: 'backup', backup: { mode: 'restore-only', from: 'gone.backup' } },
    },
    {
      name: 'a backup of another kind of database',
      code: unreadable,
      files: { ...first },
      options: { rollback: 'backup', backup: { mode: 'restore-only', from: 'other.backup' } },
      prepare: (folder) => writeBackup(folder, { ...MADE_UP, adapter: 'other' }),
    },
    {
      name: 'a backup whose manifest is no JSON',
      code: unreadable,
      files: { ...first },
      options: { rollback: 'backup', backup: { mode: 'restore-only', from: 'other.backup' } },
      prepare: (folder) => writeBackup(folder, null),
    },
    {
      name: 'F94 a manifest that was made up',
      code: unreadable,
      files: { ...first },
      options: { rollback: 'backup', backup: { mode: 'restore-only', from: 'other.backup' } },
      prepare: (folder) => writeBackup(folder, { ...MADE_UP, adapter: target.name }),
    },
  ];
  const upkeep: readonly BadInput[] = [
    {
      name: 'a baseline that is no version',
      code: 'TARGET_UNKNOWN',
      files: { ...first },
      ask: (executor) => executor.baseline({ version: 'now' }),
    },
    {
      name: 'a mark on a version that there is not',
      code: 'TARGET_UNKNOWN',
      files: { ...first },
      ask: (executor) => executor.mark({ version: '99', as: 'applied' }),
    },
    {
      name: 'a version to resolve that nothing is unknown of',
      code: 'STATE',
      files: { ...first },
      ask: (executor) => executor.resolve({ version: '1', as: 'applied' }),
    },
    {
      name: 'a version to resolve that there is not',
      code: 'TARGET_UNKNOWN',
      files: { ...first },
      ask: (executor) => executor.resolve({ version: '99', as: 'applied' }),
    },
    {
      name: 'a backup to restore that is not there',
      code: 'BACKUP_DAMAGED',
      files: { ...first },
      ask: (executor) => executor.restore({ path: 'gone.backup' }),
    },
    {
      name: 'a backup to make in a folder that is a file',
      code: 'BACKUP_UNFIT',
      files: { ...first },
      options: { backup: { folder: 'file' } },
      prepare: (folder) => writeFileSync(join(folder, '..', 'file'), 'x'),
      ask: (executor) => executor.backup(),
    },
  ];
  return [...foreign, ...damaged, ...files, ...backups, ...upkeep];
};

const MADE_UP = {
  format: 'detent-backup-1',
  hash: 'sha256:00',
  fingerprint: 'sha256:00',
  bytes: 3,
  objects: [],
  path: 'other.backup',
  details: {},
};

/** A file that says of itself that it is a backup; with `null` in a manifest that cannot be read. */
function writeBackup(folder: string, manifest: Readonly<Record<string, unknown>> | null): void {
  const path = join(folder, '..', 'other.backup');
  writeFileSync(path, 'abc');
  writeFileSync(`${path}.json`, manifest === null ? '{' : JSON.stringify(manifest));
}
