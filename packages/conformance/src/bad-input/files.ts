import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeText, goodFile, type BadInput, type BadInputs, type Tree } from './bad-input.ts';

/** Names, encodings and kinds of files. The scanner's own tests go deeper; here nothing of it may reach the database. */
export const badFiles: BadInputs = (target) => {
  const good = goodFile(target, '1');
  const text = (name: string): Tree => ({ ...good, [name]: codeText });
  const misnamed = [
    'v2_x.mjs',
    'V2.mjs',
    'V2-x.mjs',
    'x.mjs',
    'V_x.mjs',
    'V2_.mjs',
    'R_x.mjs',
    'V2_x.mjz',
    'V2_x.mjs.bak',
    'data.csv',
    ' V2_x.mjs',
    'V2_x.test.js',
    'beforemigrate.mjs',
    'U2_x.mjs',
  ];
  const wide = (encoding: 'utf16le'): Buffer => Buffer.from(`\u{FEFF}${codeText}`, encoding);

  const names: readonly BadInput[] = [
    ...misnamed.map((name): BadInput => ({
      name: `F44 a file named ${JSON.stringify(name)}`,
      code: 'FILE_NAME',
      files: text(name),
    })),
    {
      name: 'a name of another layout',
      code: 'FILE_NAME',
      files: { 'V2_x.mjs': codeText },
      options: { layout: 'flyway' },
    },
    { name: 'F45 one version twice', code: 'VERSION_DUPLICATE', files: { 'V2_a.mjs': codeText, 'V2_b.mjs': codeText } },
    {
      name: 'F45 one version with other zeros',
      code: 'VERSION_DUPLICATE',
      files: { 'V02_a.mjs': codeText, 'V2_b.mjs': codeText },
    },
    {
      name: 'F45 one version in two folders',
      code: 'VERSION_DUPLICATE',
      files: { 'a/V2_x.mjs': codeText, 'b/V2_x.mjs': codeText },
    },
    {
      name: 'F47 two names that differ in case',
      code: 'NAME_COLLISION',
      files: { 'R__View.mjs': codeText, 'R__view.mjs': codeText },
    },
    {
      name: 'one hook twice',
      code: 'NAME_COLLISION',
      files: { 'beforeMigrate.mjs': codeText, 'beforeMigrate.ts': codeText },
    },
    { name: 'a way back without a way up', code: 'DOWN_ORPHAN', files: { 'V2_x.down.mjs': codeText } },
    {
      name: 'two ways of naming in one folder',
      code: 'LAYOUT_MIXED',
      files: { 'V1_x.mjs': codeText, '002_y.mjs': codeText },
    },
  ];
  const contents: readonly BadInput[] = (
    [
      ['F42 in UTF-16', wide('utf16le'), 'FILE_ENCODING'],
      ['F42 in UTF-16 with its bytes the other way round', wide('utf16le').swap16(), 'FILE_ENCODING'],
      ['F42 in UTF-16 without a mark', Buffer.from(codeText, 'utf16le'), 'FILE_ENCODING'],
      ['in UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 59, 0, 0, 0]), 'FILE_ENCODING'],
      ['F43 with a NUL', `${codeText}\0`, 'FILE_ENCODING'],
      ['in Latin-1', Buffer.from('// caf\xe9\n', 'latin1'), 'FILE_ENCODING'],
      ['that ends inside a character', Buffer.from('// ö').subarray(0, 4), 'FILE_ENCODING'],
      ['of nothing', '', 'FILE_UNREADABLE'],
      ['of white space', ' \r\n\t\n', 'FILE_UNREADABLE'],
      ['of a byte order mark', '\u{FEFF}', 'FILE_UNREADABLE'],
    ] as const
  ).map(([name, content, code]) => ({ name: `a file ${name}`, code, files: { ...good, 'V2_x.mjs': content } }));
  const kinds: readonly BadInput[] = [
    {
      name: 'F105 a folder with the name of a file',
      code: 'FILE_UNREADABLE',
      files: good,
      prepare: (folder) => mkdirSync(join(folder, 'V2_x.mjs')),
    },
    {
      name: 'F105 a link to nothing',
      code: 'FILE_UNREADABLE',
      files: good,
      prepare: (folder) => symlinkSync('gone', join(folder, 'V2_x.mjs')),
    },
    { name: 'F105 a link that leads out of the folder', code: 'FILE_UNREADABLE', files: good, prepare: linkOut },
    {
      name: 'F105 a link to a device',
      code: 'FILE_UNREADABLE',
      files: good,
      prepare: (folder) => symlinkSync('/dev/zero', join(folder, 'V2_x.mjs')),
    },
    { name: 'a folder that is not there', code: 'FOLDER_MISSING', options: { migrations: 'gone' } },
    {
      name: 'a folder that is a file',
      code: 'FOLDER_MISSING',
      options: { migrations: 'file' },
      prepare: (folder) => writeFileSync(join(folder, '..', 'file'), 'x'),
    },
  ];
  return [...names, ...contents, ...kinds, ...badScripts(target)];
};

const badScripts: BadInputs = (target) => {
  const { extension, badScripts: scripts, alone } = target.language;
  const create = (table: string): string => target.language.createTable(table);
  const drop = (table: string): string => target.language.dropTable(table);
  if (extension === null) return [];
  const good = goodFile(target, '1');
  const file = (text: string | Uint8Array): Tree => ({ ...good, [`V2_x${extension}`]: text });
  const kinds = Object.entries(scripts).map(([name, { text, code }]): BadInput => ({
    name: `a script ${name}`,
    code,
    files: file(text),
  }));
  return [
    ...kinds,
    {
      name: 'a marker in one file of a pair',
      code: 'SCRIPT_DIRECTIVE',
      files: {
        [`V2_x.up${extension}`]: `-- detent:down\n${create('t')};\n`,
        [`V2_x.down${extension}`]: `${drop('t')};\n`,
      },
    },
    {
      name: 'F67 a placeholder without a value',
      code: 'PLACEHOLDER',
      files: file(`${create('${ident:missing}')};\n`),
      options: { placeholders: { other: 'x' } },
    },
    {
      name: 'F76 a script that destroys what nobody allowed',
      code: 'DESTRUCTIVE',
      files: file(`${drop('t1')};\n`),
      options: { destructive: 'error' },
    },
    {
      name: 'a script that wants no transaction in a run that is one',
      code: 'TRANSACTION_UNFIT',
      files: file(`-- detent:transaction none\n${create('t')};\n`),
      options: { transaction: 'all' },
    },
    ...(alone === null
      ? []
      : [
          {
            name: 'a statement that cannot be in a transaction in a run that is one',
            code: 'TRANSACTION_UNFIT',
            files: file(`${alone};\n`),
            options: { transaction: 'all' },
          } as const,
        ]),
    {
      name: 'a script that was made and not written yet',
      code: 'FILE_UNREADABLE',
      files: file('-- detent:up\n\n\n-- detent:down\n\n'),
    },
    {
      name: 'a script without a way back under the strategy down',
      code: 'DOWN_MISSING',
      files: file(`${create('t')};\n`),
      options: { rollback: 'down' },
    },
    {
      name: 'a script whose way back was left blank under the strategy down',
      code: 'DOWN_MISSING',
      files: file(`-- detent:up\n${create('t')};\n-- detent:down\n\n`),
      options: { rollback: 'down' },
    },
    {
      name: 'a repeatable script that does not parse',
      code: 'SCRIPT_DIRECTIVE',
      files: { ...good, [`R__x${extension}`]: '-- detent:nonsense\n' },
    },
  ];
};

function linkOut(folder: string): void {
  writeFileSync(join(folder, '..', 'secret'), codeText);
  symlinkSync(join('..', 'secret'), join(folder, 'V2_x.mjs'));
}
