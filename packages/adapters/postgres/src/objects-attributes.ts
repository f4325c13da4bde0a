import type { Bookkeeping } from './bookkeeping.ts';
import { inSpace, notBooks, own, type ObjectQuery } from './objects-sql.ts';

/** Grants, comments and settings; what depends on what; and what a backup cannot keep. */
export function attributeQueries(books: Bookkeeping): readonly ObjectQuery[] {
  const ours = `${inSpace('n')} AND ${notBooks(books, 'n', 'c')} AND c.relpersistence <> 't' AND ${own('pg_class', 'c.oid')}`;
  return [
    {
      name: 'grants',
      text: `SELECT class, oid, target, acl_owner::regrole::text AS owner, ${items('acl', 'acl_owner')} AS items FROM (
        SELECT 'pg_class'::regclass::oid AS class, c.oid, format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname) AS target, '' AS part, c.relowner AS acl_owner, c.relacl AS acl
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND c.relacl IS NOT NULL
        UNION ALL SELECT 'pg_class'::regclass, c.oid, format('(%I) TABLE %I.%I', a.attname, n.nspname, c.relname), a.attname, c.relowner, a.attacl
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND a.attacl IS NOT NULL AND NOT a.attisdropped
        UNION ALL SELECT 'pg_proc'::regclass, p.oid, format('%s %I.%I(%s)', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), '', p.proowner, p.proacl
          FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${inSpace('n')} AND p.proacl IS NOT NULL AND ${own('pg_proc', 'p.oid', true)}
        UNION ALL SELECT 'pg_type'::regclass, t.oid, format('TYPE %I.%I', n.nspname, t.typname), '', t.typowner, t.typacl
          FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${inSpace('n')} AND t.typacl IS NOT NULL AND ${own('pg_type', 't.oid')}
        UNION ALL SELECT 'pg_namespace'::regclass, n.oid, format('SCHEMA %I', n.nspname), '', n.nspowner, n.nspacl
          FROM pg_namespace n WHERE ${inSpace('n')} AND n.nspacl IS NOT NULL AND ${own('pg_namespace', 'n.oid')}
        UNION ALL SELECT 'pg_largeobject'::regclass, l.oid, format('LARGE OBJECT %s', l.oid), '', l.lomowner, l.lomacl FROM pg_largeobject_metadata l WHERE l.lomacl IS NOT NULL
      ) AS granted ORDER BY target`,
    },
    {
      name: 'default grants',
      text: `SELECT d.defaclrole::regrole::text AS role, CASE WHEN d.defaclnamespace = 0 THEN NULL ELSE quote_ident(n.nspname) END AS schema,
        CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END AS what,
        ${items('d.defaclacl', 'd.defaclrole')} AS items
        FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace ORDER BY 1, 2 NULLS FIRST, 3`,
    },
    {
      name: 'comments',
      text: `SELECT d.classoid AS class, d.objoid AS oid, d.objsubid AS sub, d.description, i.type, i.identity
        FROM pg_description d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
        WHERE (d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass AND d.objoid = 2200) AND d.classoid <> 'pg_extension'::regclass
        AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = d.classoid AND x.objid = d.objoid AND x.deptype = 'e')
        ORDER BY i.type, i.identity`,
    },
    {
      name: 'database',
      text: `SELECT d.datdba::regrole::text AS owner, CASE WHEN d.datacl IS NULL THEN NULL ELSE ${items('d.datacl', 'd.datdba')} END AS items,
        shobj_description(d.oid, 'pg_database') AS comment,
        (SELECT json_agg(json_build_array(CASE s.setrole WHEN 0 THEN NULL ELSE s.setrole::regrole::text END, split_part(v, '=', 1), substr(v, strpos(v, '=') + 1)) ORDER BY s.setrole::regrole::text, v)
         FROM pg_db_role_setting s, unnest(s.setconfig) v WHERE s.setdatabase = d.oid) AS settings
        FROM pg_database d WHERE d.datname = current_database()`,
    },
    {
      name: 'dependencies',
      text: `SELECT DISTINCT classid, objid, refclassid, refobjid FROM pg_depend WHERE objid >= 16384 AND refobjid >= 2200 AND deptype IN ('n', 'a', 'i', 'P', 'S')
        AND (refobjid >= 16384 OR refclassid = 'pg_namespace'::regclass)`,
    },
    { name: 'aliases', text: ALIASES },
    { name: 'unfit', text: unfitSql() },
  ];
}

/** `[[grantor, grantee, privilege, may pass it on], …]`, the owner's own grants first: others may rest on them. */
function items(acl: string, owner: string): string {
  return (
    `coalesce((SELECT json_agg(json_build_array(x.grantor::regrole::text, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END, x.privilege_type, x.is_grantable) ` +
    `ORDER BY x.grantor <> ${owner}, x.grantor::regrole::text, x.grantee::regrole::text, x.privilege_type) FROM aclexplode(${acl}) x), '[]')`
  );
}

/** What is made together with something else stands for it, and members stand for their extension. */
const ALIASES = `
  SELECT 'pg_type'::regclass::oid AS class, c.reltype AS oid, 'pg_class'::regclass::oid AS to_class, c.oid AS to_oid FROM pg_class c WHERE c.oid >= 16384 AND c.reltype <> 0 AND c.relkind <> 'c'
  UNION ALL SELECT 'pg_class'::regclass, c.oid, 'pg_type'::regclass, c.reltype FROM pg_class c WHERE c.relkind = 'c' AND c.oid >= 16384
  UNION ALL SELECT 'pg_type'::regclass, t.typarray, 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.oid >= 16384 AND t.typarray <> 0
  UNION ALL SELECT 'pg_type'::regclass, g.rngmultitypid, 'pg_type'::regclass, g.rngtypid FROM pg_range g WHERE g.rngtypid >= 16384
  UNION ALL SELECT 'pg_rewrite'::regclass, w.oid, 'pg_class'::regclass, w.ev_class FROM pg_rewrite w WHERE w.oid >= 16384 AND w.rulename = '_RETURN'
  UNION ALL SELECT 'pg_class'::regclass, k.conindid, 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE k.oid >= 16384 AND k.contype IN ('p', 'u', 'x')
  UNION ALL SELECT 'pg_constraint'::regclass, t.tgconstraint, 'pg_trigger'::regclass, t.oid FROM pg_trigger t WHERE t.tgconstraint <> 0 AND NOT t.tgisinternal
  UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, 'pg_class'::regclass, d.adrelid FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attgenerated <> ''
  UNION ALL SELECT d.classid, d.objid, d.refclassid, d.refobjid FROM pg_depend d WHERE d.deptype = 'e'
  UNION ALL SELECT 'pg_proc'::regclass, d.objid, d.refclassid, d.refobjid FROM pg_depend d WHERE d.deptype = 'i' AND d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_type'::regclass`;

function unfitSql(): string {
  const each = (catalogue: string, oid: string, why: string, condition: string): string =>
    `SELECT i.type, i.identity, '${why}' AS why FROM ${catalogue} o, LATERAL pg_identify_object('${catalogue}'::regclass, ${oid}, 0) i WHERE ${condition} AND ${own(catalogue, oid)}`;
  const user = (catalogue: string, why: string): string => each(catalogue, 'o.oid', why, 'o.oid >= 16384');
  return [
    each('pg_class', 'o.oid', 'its rows are in another place', "o.relkind = 'f'"),
    user('pg_foreign_data_wrapper', 'what it leads to is in another place'),
    user('pg_foreign_server', 'what it leads to is in another place, and its user mappings hold passwords'),
    user('pg_publication', 'its subscribers would lose their place'),
    user('pg_opclass', 'no function of the server gives its definition'),
    user('pg_conversion', 'no function of the server gives its definition'),
    user('pg_language', 'no function of the server gives its definition'),
    user('pg_transform', 'no function of the server gives its definition'),
    user('pg_am', 'no function of the server gives its definition'),
    user('pg_ts_parser', 'no function of the server gives its definition'),
    user('pg_ts_template', 'no function of the server gives its definition'),
    each(
      'pg_type',
      'o.oid',
      'no function of the server gives its definition',
      "o.oid >= 16384 AND (o.typtype = 'p' OR o.typtype = 'b' AND o.typcategory <> 'A' OR EXISTS (SELECT 1 FROM pg_range g WHERE g.rngtypid = o.oid AND g.rngcanonical <> 0))",
    ),
    `SELECT 'subscription', quote_ident(o.subname), 'its place in the publication would be lost' FROM pg_subscription o WHERE o.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())`,
    `SELECT 'security label', o.objname, 'labels are not copied' FROM pg_seclabels o WHERE o.objtype <> 'database' AND o.objtype <> 'role' AND o.objtype <> 'tablespace'`,
  ].join(' UNION ALL ');
}
