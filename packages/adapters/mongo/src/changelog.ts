import type { ForeignHistory } from '@detent/core';
import type { Link } from './link.ts';

/** Where migrate-mongo keeps what it has applied, unless told. */
const CHANGELOG = 'changelog';

/** What migrate-mongo says is applied; `null` where it says nothing. */
export async function changelog(link: Link): Promise<ForeignHistory | null> {
  const found = await link.ask(() =>
    link.db.collection(CHANGELOG).find({}, { batchSize: 20_000 }).sort({ appliedAt: 1, fileName: 1 }).toArray(),
  );
  const applied = found.flatMap(({ fileName, appliedAt }) =>
    typeof fileName === 'string' ? [{ file: fileName, at: appliedAt instanceof Date ? appliedAt.getTime() : 0 }] : [],
  );
  return applied.length === 0 ? null : { name: `the collection ${CHANGELOG}`, applied };
}
