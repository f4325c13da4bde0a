import { basename } from 'node:path';
import type { Layout } from '@detent/core';

/** How migrations are written in a folder. */
export interface Habits {
  readonly markers: 'detent' | 'goose' | 'dbmate';
  /** `V` before the version, or nothing. */
  readonly prefix: 'V' | '';
  readonly joint: '_' | '__' | '-';
  /** One file for both directions, a pair, or Flyway's undo file beside it. */
  readonly files: 'one' | 'pair' | 'undo';
}

export interface Template {
  readonly version: string;
  readonly name: string;
  readonly language: 'sql' | 'ts';
  /** The folder is CommonJS by its package.json: there a module has to say that it is one. */
  readonly commonJs: boolean;
  /** False where the database has no SQL. */
  readonly scripts: boolean;
  /** The package with `defineMigration`; `null` when none is installed. */
  readonly importFrom: string | null;
}

/** The layout where it is given; otherwise what the files that are there look like. `newest` is the text of the newest script. */
export function habitsOf(layout: Layout, names: readonly string[], newest: string): Habits {
  switch (layout) {
    case 'detent':
      return { markers: 'detent', prefix: 'V', joint: '_', files: 'one' };
    case 'flyway':
      return { markers: 'detent', prefix: 'V', joint: '__', files: 'undo' };
    case 'golang-migrate':
      return { markers: 'detent', prefix: '', joint: '_', files: 'pair' };
    case 'goose':
      return { markers: 'goose', prefix: '', joint: '_', files: 'one' };
    case 'dbmate':
      return { markers: 'dbmate', prefix: '', joint: '_', files: 'one' };
    case 'migrate-mongo':
      return { markers: 'detent', prefix: '', joint: '-', files: 'one' };
    case 'auto': {
      const bases = names.map((name) => basename(name));
      const bare = bases.some((name) => /^\d+[_-]/.test(name));
      const pair = bases.some((name) => /\.(up|down)\.sql$/.test(name));
      const flyway = bases.some((name) => /^[VU][\d._]+__/.test(name));
      return {
        markers: /^\s*--\s*\+goose\s/m.test(newest)
          ? 'goose'
          : /^\s*--\s*migrate:up/m.test(newest)
            ? 'dbmate'
            : 'detent',
        prefix: bare ? '' : 'V',
        joint: flyway ? '__' : '_',
        files: pair ? 'pair' : bases.some((name) => /^U[\d._]+__/.test(name)) ? 'undo' : 'one',
      };
    }
  }
}

const MARKERS = {
  detent: ['-- detent:up', '-- detent:down'],
  goose: ['-- +goose Up', '-- +goose Down'],
  dbmate: ['-- migrate:up', '-- migrate:down'],
} as const;

/** The files of a new migration, by name. */
export function templateFor(
  { markers, prefix, joint, files }: Habits,
  template: Template,
): readonly (readonly [file: string, text: string])[] {
  const { version, name, language, commonJs } = template;
  const stem = `${version}${joint}${name}`;
  if (language === 'ts') return [[`${prefix}${stem}.${commonJs ? 'mts' : 'ts'}`, codeOf(template, joint === '-')]];
  const [up, down] = MARKERS[markers];
  switch (files) {
    case 'one':
      return [[`${prefix}${stem}.sql`, `${up}\n\n\n${down}\n\n`]];
    case 'pair':
      return [
        [`${prefix}${stem}.up.sql`, '\n'],
        [`${prefix}${stem}.down.sql`, '\n'],
      ];
    case 'undo':
      return [
        [`V${stem}.sql`, '\n'],
        [`U${stem}.sql`, '\n'],
      ];
  }
}

/** `asFunctions`: as in migrate-mongo, whose migrations have no stages. */
function codeOf({ importFrom, scripts }: Template, asFunctions: boolean): string {
  const body = scripts
    ? functions('db, info, { sql }', 'await sql`create table …`;', 'await sql`drop table …`;')
    : asFunctions
      ? functions('db', "await db.createCollection('…');", "await db.collection('…').drop();")
      : STAGES;
  if (importFrom === null) return `export default {\n${body}};\n`;
  return `import { defineMigration } from '${importFrom}';\n\nexport default defineMigration({\n${body}});\n`;
}

const functions = (args: string, up: string, down: string): string => `  async up(${args}) {
    // ${up}
  },

  async down(${args}) {
    // ${down}
  },
`;

const STAGES = `  // A run that dies goes on at the stage in which it died.
  up: [
    // { name: 'collection', kind: 'schema', run: (db) => db.createCollection('…') },
    // { name: 'rows', kind: 'data', run: (db) => db.collection('…').insertOne({ … }) },
  ],

  down: [
    // { name: 'collection', kind: 'schema', run: (db) => db.collection('…').drop() },
  ],
`;
