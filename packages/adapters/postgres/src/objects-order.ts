import type { TextRow } from './wire.ts';

/** An object with its address in the catalogues. */
export interface Node {
  readonly kind: string;
  readonly key: string;
  readonly oid: string;
  readonly label: string;
  readonly owner: string | null;
  readonly ddl: readonly string[];
  /** Relations that it needs beyond what pg_depend says. */
  readonly parents: readonly string[];
}

/** The number of pg_class itself, the same on every server. */
const RELATIONS = '1259';

/** Stands where the rows are read in. */
export const ROWS = 'rows';

/** Among what does not depend on one another, in this order; what comes after the rows is made faster, or only, when they are there. */
const ORDER: readonly string[] = [
  'schema',
  'extension',
  'collation',
  'type',
  'domain',
  'function',
  'domain constraint',
  'aggregate',
  'operator',
  'cast',
  'dictionary',
  'configuration',
  'table',
  'attachment',
  'sequence',
  'default',
  'view',
  'materialized view',
  'large object',
  ROWS,
  'check',
  'key',
  'index',
  'index attachment',
  'foreign key',
  'statistics',
  'trigger',
  'partition trigger',
  'rule',
  'policy',
  'row security',
  'refresh',
  'event trigger',
];

const PLACE: ReadonlyMap<string, number> = new Map(ORDER.map((kind, index) => [kind, index]));

export interface Ordered {
  readonly ordered: readonly Node[];
  /** The label of what an address belongs to, `exact` where it is that thing's own; `null` when it is none of these nodes. */
  readonly labelOf: (key: string) => { readonly label: string; readonly exact: boolean } | null;
}

/** Each after what it depends on, and otherwise by kind and name, so that equal schemas give equal orders. Throws for a circle. */
export function inOrder(
  nodes: readonly Node[],
  dependencies: readonly TextRow[],
  aliases: readonly TextRow[],
): Ordered {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const alias = new Map(
    aliases.map((row) => [
      `${row['class'] ?? ''}:${row['oid'] ?? ''}`,
      `${row['to_class'] ?? ''}:${row['to_oid'] ?? ''}`,
    ]),
  );
  const resolve = (key: string): Node | null => {
    let at: string | undefined = key;
    for (let hops = 0; at !== undefined && hops < 8; hops += 1) {
      const found = byKey.get(at);
      if (found !== undefined) return found;
      at = alias.get(at);
    }
    return null;
  };
  const needs = new Map<Node, Set<Node>>(nodes.map((node) => [node, new Set()]));
  const need = (node: Node | null, other: Node | null | undefined): void => {
    if (node !== null && other !== null && other !== undefined && node !== other) needs.get(node)?.add(other);
  };
  for (const row of dependencies)
    need(
      resolve(`${row['classid'] ?? ''}:${row['objid'] ?? ''}`),
      resolve(`${row['refclassid'] ?? ''}:${row['refobjid'] ?? ''}`),
    );
  for (const node of nodes) {
    for (const parent of node.parents) need(node, resolve(`${RELATIONS}:${parent}`));
    if (node.kind === 'attachment') need(node, resolve(`${RELATIONS}:${node.oid}`));
  }
  const rows: Node = { kind: ROWS, key: ROWS, oid: '', label: '', owner: null, ddl: [], parents: [] };
  needs.set(
    rows,
    new Set(nodes.filter(({ kind }) => ['table', 'attachment', 'sequence', 'large object'].includes(kind))),
  );
  const afterRows = PLACE.get(ROWS) ?? 0;
  for (const node of nodes) if (placeOf(node) > afterRows) need(node, rows);
  addRefreshes(nodes, needs);

  const ordered: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  const visit = (node: Node): void => {
    const known = state.get(node);
    if (known === 'done') return;
    if (known === 'open') throw new Error(`${node.label} depends on itself by way of others`);
    state.set(node, 'open');
    for (const other of [...(needs.get(node) ?? [])].toSorted(compare)) visit(other);
    state.set(node, 'done');
    ordered.push(node);
  };
  for (const node of [...nodes, rows].toSorted(compare)) visit(node);
  return {
    ordered,
    labelOf(key) {
      const node = resolve(key);
      return node === null ? null : { label: node.label, exact: node.key === key };
    },
  };
}

/** A materialized view is filled after those that it reads, by whatever way. */
function addRefreshes(nodes: readonly Node[], needs: ReadonlyMap<Node, Set<Node>>): void {
  const refreshes = nodes.filter(({ kind }) => kind === 'refresh');
  if (refreshes.length < 2) return;
  const ofView = new Map(refreshes.map((node) => [node.oid, node]));
  for (const refresh of refreshes) {
    const seen = new Set<Node>();
    const follow = (node: Node): void => {
      for (const other of needs.get(node) ?? []) {
        if (seen.has(other) || other.kind === ROWS || other.kind === 'refresh') continue;
        seen.add(other);
        const before = other.kind === 'materialized view' ? ofView.get(other.oid) : undefined;
        if (before !== undefined && before !== refresh) needs.get(refresh)?.add(before);
        follow(other);
      }
    };
    follow(refresh);
  }
}

function placeOf({ kind }: Node): number {
  return PLACE.get(kind) ?? ORDER.length;
}

function compare(a: Node, b: Node): number {
  return placeOf(a) - placeOf(b) || (a.label < b.label ? -1 : a.label > b.label ? 1 : 0);
}
