import type { Statement, Trace } from '@detent/core';
import { definitionFrom, lookSql, type NamedObject } from './definitions.ts';
import type { Link } from './link.ts';
import { traceFrom } from './trace.ts';
import { touchedBy } from './touched.ts';
import type { Answer, Refused } from './wire.ts';

/** Looks at what a statement will change in the message that comes before it. */
export interface Ahead {
  /** Questions to stand at the end of a message, behind which `statement` is to run; none where they would need more. */
  ask(statement: Statement | null | undefined): readonly string[];
  /** What they came to; `refused`: the last of them was. */
  hear(answers: readonly Answer[], refused: Refused | null): void;
  /** The trace of the statement, where it was looked at and nothing came in between. */
  take(statement: Statement): Trace | null;
  /** Something came in between. */
  forget(): void;
}

interface Looked {
  readonly statement: Statement;
  readonly objects: readonly NamedObject[];
  readonly gone: boolean;
}

export function createAhead(link: Link): Ahead {
  let asked: Looked | null = null;
  let heard: { readonly statement: Statement; readonly trace: Trace } | null = null;
  return {
    ask(statement) {
      asked = heard = null;
      if (statement?.kind !== 'ddl' || !link.wire.takesMany || !link.isPlain || link.known()?.hasAtomicDdl !== true)
        return [];
      const touched = touchedBy(statement.text);
      if (touched.kind !== 'objects') return [];
      asked = { statement, ...touched };
      return touched.objects.map(lookSql);
    },

    hear(answers, refused) {
      if (asked === null || !link.isPlain) return;
      const { statement, objects: named, gone } = asked;
      asked = null;
      if (refused !== null && named.length > 1) return;
      const objects = named.map((object) => ({ ...object, schema: object.schema ?? link.chosen }));
      const definitions = objects.map((object, index) => definitionFrom(object, answers[index], refused));
      if (definitions.some((definition) => definition === undefined)) return;
      const known = definitions.map((definition) => definition ?? null);
      heard = { statement, trace: traceFrom(objects, known, gone) };
    },

    take(statement) {
      const trace = heard?.statement === statement ? heard.trace : null;
      heard = null;
      return trace;
    },

    forget: () => (heard = null),
  };
}
