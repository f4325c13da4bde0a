import { describe, expect, test } from 'vitest';
import { parseFilename } from './filename.ts';
import type { LAYOUTS } from './layout.ts';
import { misnamed } from './misnamed.ts';

const read = (name: string, layout: (typeof LAYOUTS)[number] = 'auto'): string => {
  const found = parseFilename(name, layout, ['.sql']);
  switch (found.kind) {
    case 'versioned':
      return `${found.part} ${found.id} ${found.name}`;
    case 'repeatable':
      return found.id;
    case 'hook':
      return found.name === '' ? found.when : `${found.when} ${found.name}`;
    case 'passed-over':
      return 'passed over';
    case 'foreign': {
      const [problem] = misnamed([{ file: name, complaint: found.complaint }], layout, ['.sql']);
      const { nearest } = { nearest: '', ...problem?.facts } as { nearest: string };
      return `no: ${nearest}`.trim();
    }
  }
};

test.each([
  ['V202311020036_create_users.ts', 'whole 202311020036 create_users'],
  ['V1__create_users.sql', 'whole 1 create_users'],
  ['V001_x.up.sql', 'up 1 x'],
  ['V001_y.down.sql', 'down 1 y'],
  ['V1.1__x.sql', 'whole 1.1 x'],
  ['V1_1__x.sql', 'whole 1.1 x'],
  ['V01.020.0__x.sql', 'whole 1.20 x'],
  ['V20231102_2fa.sql', 'whole 20231102 2fa'],
  ['V1__2__x.sql', 'whole 1 2__x'],
  ['V12345678901234567890123456789_long.mjs', 'whole 12345678901234567890123456789 long'],
  ['U1.1__undo_x.sql', 'down 1.1 undo_x'],
  ['R__user_view.sql', 'R__user_view'],
  ['R__seed.ts', 'R__seed'],
  ['000001_init.up.sql', 'up 1 init'],
  ['000001_init.down.sql', 'down 1 init'],
  ['00001_init.sql', 'whole 1 init'],
  ['20240101-add.js', 'whole 20240101 add'],
  ['20240101__add.cjs', 'whole 20240101 add'],
  ['beforeMigrate.ts', 'beforeMigrate'],
  ['afterMigrate.sql', 'afterMigrate'],
  ['afterMigrate__grants.sql', 'afterMigrate grants'],
  ['2024/q1/V3_deep.sql', 'whole 3 deep'],
  ['V1__Initial setup.sql', 'whole 1 Initial setup'],
  ['V1__release_1.2.3.sql', 'whole 1 release_1.2.3'],
  ['V1__tabelle_für_größen.sql', 'whole 1 tabelle_für_größen'],
])('%s is read as %s', (name, expected) => {
  expect(read(name)).toBe(expected);
});

test.each([
  'README.md',
  'readme',
  'README.txt',
  'LICENSE',
  '.gitkeep',
  '.V1_x.sql',
  'notes.md',
  'V1_x.d.ts',
  'V1_x.d.mts',
  'V1_x.js.map',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'embed.go',
])('%s is passed over', (name) => {
  expect(read(name)).toBe('passed over');
});

test.each([
  ['v2_x.sql', 'V2_x.sql'],
  ['V2-x.sql', 'V2_x.sql'],
  ['V_x.sql', ''],
  ['V2__x.SQL', 'V2__x.sql'],
  ['V2__x.sq', 'V2__x.sql'],
  ['V1.sql', 'V1_name.sql'],
  ['1.sql', '1_name.sql'],
  ['V1__.sql', 'V1__name.sql'],
  ['V1.1_x.sql', 'V1.1__x.sql'],
  ['V 1__x.sql', 'V1__x.sql'],
  [' V1__x.sql', 'V1__x.sql'],
  ['V1__x .sql', 'V1__x.sql'],
  ['V1__x..sql', 'V1__x.sql'],
  ['V1_x.UP.sql', 'V1_x.up.sql'],
  ['V1_x.dwon.sql', 'V1_x.down.sql'],
  ['V1_x.rollback.sql', 'V1_x.down.sql'],
  ['U1_x.sql', 'U1__x.sql'],
  ['R_view.sql', 'R__view.sql'],
  ['r__view.sql', 'R__view.sql'],
  ['beforemigrate.sql', 'beforeMigrate.sql'],
  ['afterMigrat.ts', 'afterMigrate.ts'],
  ['afterMigrate_x.sql', 'afterMigrate__x.sql'],
  ['beforeEachMigrate.sql', ''],
  ['V2_x.txt', ''],
  ['create_users.sql', ''],
])('the right name nearest to %s is %s', (name, nearest) => {
  expect(read(name)).toBe(`no: ${nearest}`.trim());
});

describe('layouts', () => {
  test.each([
    ['detent', '001_x.sql', 'no: V001_x.sql'],
    ['detent', 'V001_x.sql', 'whole 1 x'],
    ['flyway', 'V1_x.sql', 'no: V1__x.sql'],
    ['flyway', 'V1__x.sql', 'whole 1 x'],
    ['flyway', '1__x.sql', 'no: V1__x.sql'],
    ['golang-migrate', '1_x.sql', 'no: 1_x.up.sql'],
    ['golang-migrate', '1_x.up.sql', 'up 1 x'],
    ['golang-migrate', '1_x.ts', 'whole 1 x'],
    ['golang-migrate', '1-x.up.sql', 'no: 1_x.up.sql'],
    ['goose', '00001_x.sql', 'whole 1 x'],
    ['goose', '00001_x.up.sql', 'no: 00001_x.sql'],
    ['goose', 'V1_x.sql', 'no: 1_x.sql'],
    ['dbmate', '20240101-x.sql', 'whole 20240101 x'],
    ['dbmate', '20240101_x.down.sql', 'no: 20240101_x.sql'],
  ] as const)('under %s, %s is %s', (layout, name, expected) => {
    expect(read(name, layout)).toBe(expected);
  });
});
