import { describe, expect, test } from 'vitest';
import { DetentError, type ParsedScript, type ScriptText } from '@detent/core';
import { mysql, parseScript, postgres, sqlite, type Dialect } from './index.ts';

const parse = (text: string, dialect: Dialect = sqlite, options: Partial<ScriptText> = {}): ParsedScript =>
  parseScript({ text, file: 'V1__a.sql', part: 'whole', placeholders: null, ...options }, dialect);

const texts = (statements: readonly { text: string }[] | null): readonly string[] | null =>
  statements?.map(({ text }) => text) ?? null;

function errorOf(run: () => unknown): DetentError {
  try {
    run();
  } catch (error) {
    if (error instanceof DetentError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('sections', () => {
  test('without a marker everything is up', () => {
    const script = parse('create table t(a); create table u(a);');
    expect(texts(script.up)).toEqual(['create table t(a)', 'create table u(a)']);
    expect([script.down, script.downText]).toEqual([null, null]);
  });

  test.each([
    ['detent', '-- detent:up\n', '-- detent:down\n'],
    ['detent in capitals', '-- DETENT:UP\n', '--detent:Down  \n'],
    ['goose', '-- +goose Up\n', '-- +goose Down\n'],
    ['dbmate', '-- migrate:up\n', '-- migrate:down\n'],
  ])('the markers of %s divide up from down', (_, up, down) => {
    const script = parse(`${up}create table t(a);\n${down}drop table t;\n`);
    expect(texts(script.up)).toEqual(['create table t(a)']);
    expect(texts(script.down)).toEqual(['drop table t']);
    expect(script.down?.[0]).toMatchObject({ line: 4, column: 1, destroys: 'drop-table' });
  });

  test('a statement before a marker needs no semicolon', () => {
    expect(texts(parse('-- detent:up\ncreate table t(a)\n-- detent:down\ndrop table t').up)).toEqual([
      'create table t(a)',
    ]);
  });

  test('what stands before the way back is the way there', () => {
    const script = parse('create table t(a);\n-- detent:down\ndrop table t;');
    expect([texts(script.up), texts(script.down)]).toEqual([['create table t(a)'], ['drop table t']]);
  });

  test('a down with a comment alone is a way back that does nothing', () => {
    const script = parse('-- detent:up\nselect 1;\n-- detent:down\n-- nothing to do\n');
    expect(script.down).toEqual([]);
    expect(script.downText).toBe('-- nothing to do\n');
  });

  test.each([
    ['detent', '-- detent:up\nselect 1;\n\n-- detent:down\n\n'],
    ['goose', '-- +goose Up\nselect 1;\n-- +goose Down\n-- +goose StatementBegin\n-- +goose StatementEnd\n'],
    ['dbmate', '-- migrate:up\nselect 1;\n\n-- migrate:down\n'],
    ['a directive', '-- detent:up\nselect 1;\n-- detent:down\n-- detent:idempotent\n'],
  ])('a down that was left blank is no way back: %s', (_, text) => {
    expect(parse(text)).toMatchObject({ down: null, downText: null });
    const file = parse(' \n', sqlite, { part: 'down' });
    expect([file.down, file.downText]).toEqual([null, null]);
  });

  test.each([
    ['as it was created', '-- detent:up\n\n\n-- detent:down\n\n', 'whole'],
    ['with its way back alone', '-- detent:up\n-- detent:down\nselect 1;', 'whole'],
    ['described before its marker', '-- adds prices\n-- detent:up\n\n-- detent:down\nselect 1;', 'whole'],
    ['of directives', '-- detent:transaction none\n', 'whole'],
    ['of a pair', '-- detent:idempotent\n', 'up'],
  ] as const)('a script is refused that has nothing to run yet: %s', (_, text, part) => {
    const error = errorOf(() => parse(text, sqlite, { part }));
    expect(error.code).toBe('FILE_UNREADABLE');
    expect(error.hint).toContain('a comment that says why it does nothing');
    expect(error.facts.place).toEqual({ file: 'V1__a.sql' });
  });

  test('an up with a comment alone does nothing', () => {
    expect(parse('-- detent:up\n-- only on production\n').up).toEqual([]);
    expect(parse('/* later */').up).toEqual([]);
    expect(parse('# later', mysql).up).toEqual([]);
  });

  test('down may come first', () => {
    const script = parse('-- detent:down\nselect 2;\n-- detent:up\nselect 1;');
    expect([texts(script.up), texts(script.down), script.downText]).toEqual([
      ['select 1'],
      ['select 2'],
      'select 2;\n',
    ]);
  });

  test('markers in strings, block comments and bodies are none', () => {
    const text = `-- detent:up
insert into t values ('
-- detent:down
');
/*
-- detent:down
*/
create trigger x after insert on t begin
  -- detent:down
  select 1;
end;`;
    expect(parse(text).down).toBe(null);
    expect(parse(text).up).toHaveLength(2);
    expect(parse('do $$\n-- detent:down\n$$;', postgres).down).toBe(null);
  });

  test('the delimiter is a semicolon again in each section', () => {
    const script = parse(
      '-- detent:up\nDELIMITER $$\nselect 1; select 2$$\n-- detent:down\nselect 3; select 4;',
      mysql,
    );
    expect([texts(script.up), texts(script.down)]).toEqual([['select 1; select 2'], ['select 3', 'select 4']]);
  });

  test('goose keeps a statement with semicolons whole', () => {
    const script = parse(
      '-- +goose Up\n-- +goose StatementBegin\nselect 1; -- x\nselect 2;\n-- +goose StatementEnd\nselect 3;',
      postgres,
    );
    expect(texts(script.up)).toEqual(['select 1; -- x\nselect 2', 'select 3']);
  });

  test.each([
    ['a statement before the first marker', 'select 1;\n-- detent:up\nselect 2;', {}, 'SCRIPT_DIRECTIVE', 1],
    ['two up parts', '-- detent:up\nselect 1;\n-- detent:up\nselect 2;', {}, 'SCRIPT_DIRECTIVE', 3],
    ['a marker in one file of a pair', 'select 1;\n-- migrate:down\n', { part: 'up' }, 'SCRIPT_DIRECTIVE', 2],
    ['a marker behind a statement', 'select 1; -- detent:down\nselect 2;', {}, 'SCRIPT_DIRECTIVE', 1],
    ['a statement of goose without end', '-- +goose Up\n-- +goose StatementBegin\nselect 1;', {}, 'SCRIPT_SYNTAX', 2],
    [
      'a section inside a statement of goose',
      '-- +goose Up\n-- +goose StatementBegin\nselect 1;\n-- +goose Down',
      {},
      'SCRIPT_SYNTAX',
      2,
    ],
    ['an end of goose without beginning', '-- +goose Up\nselect 1;\n-- +goose StatementEnd', {}, 'SCRIPT_SYNTAX', 3],
    ['an unknown word of goose', '-- +goose Upp', {}, 'SCRIPT_DIRECTIVE', 1],
    ['an unknown option of dbmate', '-- migrate:up transactions:no', {}, 'SCRIPT_DIRECTIVE', 1],
  ] as const)('%s is an error with its line', (_, text, options, code, line) => {
    const error = errorOf(() => parse(text, sqlite, options));
    expect(error).toMatchObject({ code, facts: { place: { file: 'V1__a.sql', line } } });
    expect(error.hint).toBeTypeOf('string');
  });
});

describe('directives', () => {
  test.each([
    ['-- detent:transaction none', { transaction: 'none' }],
    ['-- detent:transaction each', { transaction: 'each' }],
    ['-- detent:timeout lock=3s statement=0', { lockTimeoutMs: 3000, statementTimeoutMs: 0 }],
    ['-- detent:timeout statement=1.5m', { statementTimeoutMs: 90_000 }],
    ['-- detent:timeout lock=250ms', { lockTimeoutMs: 250 }],
    ['-- detent:idempotent', { idempotent: true }],
    ['-- detent:allow drop-table', { allow: ['drop-table'] }],
    ['-- detent:allow drop-table, drop-column', { allow: ['drop-table', 'drop-column'] }],
    ['-- detent:allow drop-table\n-- detent:allow truncate drop-table', { allow: ['drop-table', 'truncate'] }],
    ['drop table t; -- detent:allow drop-table', { allow: ['drop-table'] }],
    ['-- +goose NO TRANSACTION\n-- +goose Up', { transaction: 'none' }],
    ['-- migrate:up transaction:false', { transaction: 'none' }],
    ['-- migrate:up transaction:true', {}],
    ['-- a word about detent', {}],
    ["select '-- detent:transaction none'", {}],
    ['/* detent:idempotent */', {}],
  ])('%s', (text, directives) => {
    expect(parse(`${text}\nselect 1;`).directives).toEqual(directives);
  });

  test.each([
    ['-- detent:transacton none', /transaction/],
    ['-- detent:transaction nona', /none/],
    ['-- detent:transaction', /transaction/],
    ['-- detent:timeout lock=3', /lock=3/],
    ['-- detent:timeout', /no time/],
    ['-- detent:timeout lok=3s', /lock/],
    ['-- detent:allow drop-tabel', /drop-table/],
    ['-- detent:allow', /nothing/],
    ['-- detent:idempotent yes', /yes/],
    ['-- detent:', /no directive/],
    ['-- detent:transaction none\n-- detent:transaction each', /two transaction modes/],
  ])('%s is refused in words that help', (text, words) => {
    const error = errorOf(() => parse(text));
    expect(error.code).toBe('SCRIPT_DIRECTIVE');
    expect(error.message).toMatch(words);
    expect(error.message).toMatch(/[^?.][.?]$/);
    expect(error.hint).toBeTypeOf('string');
  });
});

describe('a transaction of its own', () => {
  test.each([
    ['begin; create table t(a); commit;', sqlite],
    ['BEGIN TRANSACTION; create table t(a); END TRANSACTION', sqlite],
    ['begin immediate; create table t(a); end;', sqlite],
    ['begin work; create table t(a); commit work;', postgres],
    ['start transaction; create table t(a); commit;', mysql],
  ])('%s is taken over, with a note', (text, dialect) => {
    const script = parse(text, dialect);
    expect(texts(script.up)).toEqual(['create table t(a)']);
    expect(script.notes).toMatchObject([{ line: 1 }]);
  });

  test('settings may stand around it, as in the rebuild of a table', () => {
    const script = parse(
      'pragma foreign_keys=off;\nbegin;\ndrop table t;\nalter table n rename to t;\npragma foreign_key_check;\ncommit;\npragma foreign_keys=on;',
    );
    expect(script.up.map(({ kind }) => kind)).toEqual(['session', 'ddl', 'ddl', 'query', 'session']);
  });

  test.each([
    [
      'begin; select 1; commit; begin; select 2; commit;',
      ['transaction', 'query', 'transaction', 'transaction', 'query', 'transaction'],
    ],
    ['create table t(a); begin; select 1; commit;', ['ddl', 'transaction', 'query', 'transaction']],
    ['begin; create table t(a); rollback;', ['transaction', 'ddl', 'transaction']],
    ['create table t(a); commit;', ['ddl', 'transaction']],
    ['-- detent:transaction none\nbegin; select 1; commit;', ['transaction', 'query', 'transaction']],
  ])('F32 otherwise it stays for the lifecycle to refuse: %s', (text, kinds) => {
    expect(parse(text).up.map(({ kind }) => kind)).toEqual(kinds);
  });

  test('an isolation level is not thrown away', () => {
    expect(parse('begin isolation level serializable; select 1; commit;', postgres).up).toHaveLength(3);
  });
});

describe('what shows only together', () => {
  test('a table that is dropped to be replaced is not destroyed', () => {
    const { up } = parse(
      'create table n(a); insert into n select a from t; drop table t; alter table n rename to "t";',
    );
    expect(up.map(({ destroys }) => destroys)).toEqual([null, null, null, null]);
  });
  test('a table that was made before is not destroyed', () => {
    expect(parse('create temp table x(a); drop table x; drop table y;').up.map(({ destroys }) => destroys)).toEqual([
      null,
      null,
      'drop-table',
    ]);
  });
  test('a table that may have been there is', () => {
    expect(parse('create table if not exists x(a); drop table x;').up[1]?.destroys).toBe('drop-table');
  });
  test('a new value of an enum is added before the transaction that uses it', () => {
    const used = parse("alter type e add value if not exists 'x''y'; update t set e = 'x''y';", postgres).up;
    const unused = parse("alter type e add value 'x'; update t set e = 'y';", postgres).up;
    expect([used[0]?.transactional, unused[0]?.transactional]).toEqual([false, true]);
  });
});

describe('downText', () => {
  const scripts: readonly (readonly [string, Dialect, ScriptText['placeholders']])[] = [
    ["-- detent:up\nselect 1;\n-- detent:down\n-- why\ndrop table t; /* x */\nselect ';'", sqlite, null],
    [
      '-- detent:transaction none\n-- detent:timeout lock=3s statement=0\n-- detent:up\nselect 1;\n-- detent:down\n-- detent:allow drop-table\ndrop table t;',
      sqlite,
      null,
    ],
    ['-- migrate:up\nselect 1;\n-- migrate:down transaction:false\ndrop table t;', postgres, null],
    [
      '-- +goose Up\nselect 1;\n-- +goose Down\n-- +goose StatementBegin\nselect 1; select 2;\n-- +goose StatementEnd\nselect 3;',
      postgres,
      null,
    ],
    [
      '-- detent:up\nselect 1;\n-- detent:down\nDELIMITER $$\ncreate procedure p() begin select 1; end$$\nDELIMITER ;\nselect 2;',
      mysql,
      null,
    ],
    ['-- detent:up\r\nselect 1;\r\n-- detent:down\r\nbegin;\r\ndrop table t;\r\ncommit;\r\n', sqlite, null],
    [
      '-- detent:up\nselect 1;\n-- detent:down\ndrop table ${ident:t}; -- ${x}\nselect ${literal:v}, ${n};',
      sqlite,
      { t: 'a"b', v: "it's ${n};", n: '7' },
    ],
  ];
  test.each(scripts)('reads again as the same statements: %s', (text, dialect, placeholders) => {
    const whole = parse(text, dialect, { placeholders });
    const again = parse(whole.downText ?? '', dialect, { part: 'down' });
    const bare = (script: ParsedScript): unknown =>
      script.down?.map(({ line: _line, column: _column, ...rest }) => rest);
    expect(bare(again)).toEqual(bare(whole));
    expect(again.directives).toEqual(whole.directives);
    expect(again.downText).toBe(whole.downText);
  });
});

describe('placeholders', () => {
  const placeholders = { schema: 'app', name: "O'Brien", table: 'my "table"', n: '42', list: 'a, b' };
  const fill = (text: string, dialect: Dialect = postgres): string =>
    parse(text, dialect, { placeholders }).up[0]?.text ?? '';

  test('stay as they are unless configured', () => {
    expect(parse("select '${x}', ${y}").up[0]?.text).toBe("select '${x}', ${y}");
  });
  test.each([
    ['create table ${schema}.t(a)', 'create table app.t(a)'],
    ['create table ${ident:table}(${list})', 'create table "my ""table"""(a, b)'],
    ['select ${literal:name}, ${ n }', "select 'O''Brien', 42"],
    ["select '${schema}_x', $$ ${n} $$", "select 'app_x', $$ 42 $$"],
    ['select 1 -- ${unknown}\n, /* ${unknown} */ 2', 'select 1 -- ${unknown}\n, /* ${unknown} */ 2'],
  ])('F67 %s', (text, filled) => {
    expect(fill(text)).toBe(filled);
  });
  test('F67 identifiers are quoted as the dialect does', () => {
    expect(fill('select ${ident:table}', mysql)).toBe('select `my "table"`');
  });
  test.each([
    ['select ${nam}', /did you mean "name"/, 8],
    ['select 1,\n ${idnt:name}', /did you mean "ident"/, 2],
    ['select ${}', /no value/, 8],
    ['select ${name}', /quote/, 8],
    ['select ${toString}', /no value/, 8],
  ])('F67 %s is refused at its place', (text, words, column) => {
    const error = errorOf(() => fill(text));
    expect(error).toMatchObject({ code: 'PLACEHOLDER', facts: { place: { file: 'V1__a.sql', column } } });
    expect(error.message).toMatch(words);
    expect(error.message).toMatch(/[^?.][.?]$/);
  });
});

test('F62 COPY FROM stdin is refused with its place', () => {
  const error = errorOf(() => parse('select 1;\ncopy t from stdin;\n1\n\\.\n', postgres));
  expect(error).toMatchObject({ code: 'SCRIPT_SYNTAX', facts: { place: { line: 2, column: 1 } } });
});

test('F43 a NUL character is refused with its line', () => {
  expect(errorOf(() => parse('select 1;\n\0'))).toMatchObject({ code: 'SCRIPT_SYNTAX', facts: { place: { line: 2 } } });
});

test('a file with only comments has no statements', () => {
  expect(parse('-- nothing\n/* here */').up).toEqual([]);
});
