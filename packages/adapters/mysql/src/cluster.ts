import { misuse } from '@detent/core';
import type { Answer } from './wire.ts';

/** A question that no server refuses: what it does not have is not in the answer. */
export const CLUSTER_SQL =
  "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'wsrep_cluster_name', 'group_replication_group_name', 'group_replication_single_primary_mode')";

/** Throws `CONFIG` where other nodes can be written to as well: GET_LOCK is of one node only. */
export function refuseCluster(answer: Answer | undefined): void {
  const kind = clusterOf(answer);
  if (kind === null) return;
  throw misuse(
    `The server is a node of ${kind}, where every node can be written to and the lock of one does not reach the others.`,
    'Connect every runner to the same node, and say so with `singleWriter: true`.',
  );
}

/** What it is a node of; `null` where there is one place to write to. */
function clusterOf(answer: Answer | undefined): string | null {
  const variables = new Map(
    (answer?.rows ?? []).map((row) => [row['Variable_name']?.toLowerCase() ?? '', row['Value'] ?? '']),
  );
  if (variables.get('wsrep_on') === 'ON') return 'a Galera cluster';
  const group = variables.get('group_replication_group_name') ?? '';
  const isMulti = variables.get('group_replication_single_primary_mode') === 'OFF';
  return group !== '' && isMulti ? 'a group replication with several primaries' : null;
}
