import { inSpace, own, select, collationOf, type ObjectQuery } from './objects-sql.ts';

/** Schemas, extensions, and what has a place in a schema without holding rows. */
export function typeQueries(): readonly ObjectQuery[] {
  return [
    {
      name: 'schemas',
      text: `${select("'schema'", 'pg_namespace', 'n.oid', {
        label: "format('SCHEMA %I', n.nspname)",
        owner: 'n.nspowner',
        ddl: ["format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname)"],
      })} FROM pg_namespace n WHERE ${inSpace('n')} AND ${own('pg_namespace', 'n.oid')}`,
    },
    {
      name: 'extensions',
      text: `${select("'extension'", 'pg_extension', 'e.oid', {
        label: "format('EXTENSION %I', e.extname)",
        ddl: [
          "format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I VERSION %L', e.extname, n.nspname, e.extversion)",
        ],
      })} FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace`,
    },
    {
      name: 'types',
      text: `${select("CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END", 'pg_type', 't.oid', {
        label: "format('%s %I.%I', CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, n.nspname, t.typname)",
        owner: 't.typowner',
        ddl: [
          `CASE t.typtype
            WHEN 'e' THEN format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
              (SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid))
            WHEN 'd' THEN concat(format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod)),
              ${collationOf('t.typcollation', 'b.typcollation')}, ' DEFAULT ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)),
              CASE WHEN t.typnotnull THEN coalesce((SELECT format(' CONSTRAINT %I NOT NULL', c.conname) FROM pg_constraint c
                WHERE c.contypid = t.oid AND c.contype = 'n'), ' NOT NULL') END)
            WHEN 'c' THEN format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
              (SELECT string_agg(concat(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ${collationOf('a.attcollation', 'y.typcollation')}), ', ' ORDER BY a.attnum)
               FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
            WHEN 'r' THEN (SELECT concat(format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s, SUBTYPE_OPCLASS = %I.%I', n.nspname, t.typname,
                format_type(g.rngsubtype, NULL), oc.nspname, o.opcname),
              (SELECT format(', COLLATION = %I.%I', cn.nspname, co.collname) FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = g.rngcollation),
              ', SUBTYPE_DIFF = ' || nullif(g.rngsubdiff::regproc::text, '-'),
              (SELECT format(', MULTIRANGE_TYPE_NAME = %I.%I', mn.nspname, m.typname) FROM pg_type m JOIN pg_namespace mn ON mn.oid = m.typnamespace WHERE m.oid = g.rngmultitypid), ')')
              FROM pg_range g JOIN pg_opclass o ON o.oid = g.rngsubopc JOIN pg_namespace oc ON oc.oid = o.opcnamespace WHERE g.rngtypid = t.oid)
          END`,
        ],
      })} FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_type b ON b.oid = t.typbasetype
        WHERE ${inSpace('n')} AND (t.typtype IN ('d', 'e', 'r') OR t.typtype = 'c' AND (SELECT c.relkind FROM pg_class c WHERE c.oid = t.typrelid) = 'c')
        AND ${own('pg_type', 't.oid')}`,
    },
    {
      name: 'functions',
      text: `${select("'function'", 'pg_proc', 'p.oid', {
        label:
          "format('%s %I.%I(%s)', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))",
        owner: 'p.proowner',
        ddl: ['pg_get_functiondef(p.oid)'],
      })} FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE ${inSpace('n')} AND p.prokind <> 'a' AND ${own('pg_proc', 'p.oid', true)}`,
    },
    { name: 'aggregates', text: AGGREGATES },
    {
      name: 'collations',
      text: `${select("'collation'", 'pg_collation', 'c.oid', {
        label: "format('COLLATION %I.%I', n.nspname, c.collname)",
        owner: 'c.collowner',
        ddl: [
          `concat(format('CREATE COLLATION %I.%I (PROVIDER = %s', n.nspname, c.collname, CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END),
            CASE WHEN c.collprovider = 'c' THEN format(', LC_COLLATE = %L, LC_CTYPE = %L', c.collcollate, c.collctype)
            ELSE format(', LOCALE = %L', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', c.collcollate::text)) END,
            CASE WHEN NOT c.collisdeterministic THEN ', DETERMINISTIC = false' END,
            ', RULES = ' || quote_literal(to_jsonb(c) ->> 'collicurules'), ')')`,
        ],
      })} FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE ${inSpace('n')} AND ${own('pg_collation', 'c.oid')}`,
    },
    {
      name: 'operators',
      text: `${select("'operator'", 'pg_operator', 'o.oid', {
        label: `format('OPERATOR %I.%s (%s, %s)', n.nspname, o.oprname, CASE o.oprleft WHEN 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END, format_type(o.oprright, NULL))`,
        owner: 'o.oprowner',
        ddl: [
          `concat(format('CREATE OPERATOR %I.%s (FUNCTION = %s', n.nspname, o.oprname, o.oprcode::regproc),
            ', LEFTARG = ' || CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END,
            ', RIGHTARG = ' || CASE WHEN o.oprright <> 0 THEN format_type(o.oprright, NULL) END,
            (SELECT format(', COMMUTATOR = OPERATOR(%I.%s)', k.nspname, m.oprname) FROM pg_operator m JOIN pg_namespace k ON k.oid = m.oprnamespace WHERE m.oid = o.oprcom),
            (SELECT format(', NEGATOR = OPERATOR(%I.%s)', k.nspname, m.oprname) FROM pg_operator m JOIN pg_namespace k ON k.oid = m.oprnamespace WHERE m.oid = o.oprnegate),
            ', RESTRICT = ' || nullif(o.oprrest::regproc::text, '-'), ', JOIN = ' || nullif(o.oprjoin::regproc::text, '-'),
            CASE WHEN o.oprcanhash THEN ', HASHES' END, CASE WHEN o.oprcanmerge THEN ', MERGES' END, ')')`,
        ],
      })} FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE ${inSpace('n')} AND o.oprcode <> 0 AND ${own('pg_operator', 'o.oid')}`,
    },
    {
      name: 'casts',
      text: `${select("'cast'", 'pg_cast', 'c.oid', {
        label: "format('CAST (%s AS %s)', format_type(c.castsource, NULL), format_type(c.casttarget, NULL))",
        ddl: [
          `concat(format('CREATE CAST (%s AS %s) ', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)),
            CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END,
            CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' END)`,
        ],
      })} FROM pg_cast c WHERE c.oid >= 16384 AND ${own('pg_cast', 'c.oid', true)}`,
    },
    {
      name: 'dictionaries',
      text: `${select("'dictionary'", 'pg_ts_dict', 'd.oid', {
        label: "format('TEXT SEARCH DICTIONARY %I.%I', n.nspname, d.dictname)",
        owner: 'd.dictowner',
        ddl: [
          `concat(format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %I.%I', n.nspname, d.dictname, tn.nspname, t.tmplname), ', ' || d.dictinitoption, ')')`,
        ],
      })} FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
        JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE ${inSpace('n')} AND ${own('pg_ts_dict', 'd.oid')}`,
    },
    {
      name: 'configurations',
      text: `${select("'configuration'", 'pg_ts_config', 'c.oid', {
        label: "format('TEXT SEARCH CONFIGURATION %I.%I', n.nspname, c.cfgname)",
        owner: 'c.cfgowner',
        ddl: [
          "format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, pn.nspname, p.prsname)",
        ],
        more: `ARRAY(SELECT format('ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s', n.nspname, c.cfgname, k.alias,
            string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno))
          FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) k ON k.tokid = m.maptokentype WHERE m.mapcfg = c.oid GROUP BY k.tokid, k.alias ORDER BY k.tokid)`,
      })} FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = c.cfgparser
        JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE ${inSpace('n')} AND ${own('pg_ts_config', 'c.oid')}`,
    },
  ];
}

const AGGREGATES = `${select("'aggregate'", 'pg_proc', 'p.oid', {
  label:
    "format('AGGREGATE %I.%I(%s)', n.nspname, p.proname, coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*'))",
  owner: 'p.proowner',
  ddl: [
    `concat(format('CREATE AGGREGATE %I.%I(%s) (SFUNC = %s, STYPE = %s', n.nspname, p.proname,
        coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*'), a.aggtransfn, format_type(a.aggtranstype, NULL)),
      ', SSPACE = ' || nullif(a.aggtransspace, 0),
      ', FINALFUNC = ' || nullif(a.aggfinalfn::text, '-'), CASE WHEN a.aggfinalextra THEN ', FINALFUNC_EXTRA' END,
      ', FINALFUNC_MODIFY = ' || CASE WHEN a.aggfinalfn <> 0 THEN ${modify('a.aggfinalmodify')} END,
      ', COMBINEFUNC = ' || nullif(a.aggcombinefn::text, '-'), ', SERIALFUNC = ' || nullif(a.aggserialfn::text, '-'),
      ', DESERIALFUNC = ' || nullif(a.aggdeserialfn::text, '-'), ', INITCOND = ' || quote_literal(a.agginitval),
      ', MSFUNC = ' || nullif(a.aggmtransfn::text, '-'), ', MINVFUNC = ' || nullif(a.aggminvtransfn::text, '-'),
      ', MSTYPE = ' || CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END, ', MSSPACE = ' || nullif(a.aggmtransspace, 0),
      ', MFINALFUNC = ' || nullif(a.aggmfinalfn::text, '-'), CASE WHEN a.aggmfinalextra THEN ', MFINALFUNC_EXTRA' END,
      ', MFINALFUNC_MODIFY = ' || CASE WHEN a.aggmfinalfn <> 0 THEN ${modify('a.aggmfinalmodify')} END,
      ', MINITCOND = ' || quote_literal(a.aggminitval),
      (SELECT format(', SORTOP = OPERATOR(%I.%s)', k.nspname, o.oprname) FROM pg_operator o JOIN pg_namespace k ON k.oid = o.oprnamespace WHERE o.oid = a.aggsortop),
      CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' END,
      CASE WHEN a.aggkind = 'h' THEN ', HYPOTHETICAL' END, ')')`,
  ],
})} FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_aggregate a ON a.aggfnoid = p.oid
  WHERE ${inSpace('n')} AND ${own('pg_proc', 'p.oid')}`;

function modify(column: string): string {
  return `CASE ${column} WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END`;
}
