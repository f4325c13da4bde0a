import {
  DetentError,
  type Directives,
  type ParsedScript,
  type ScriptNote,
  type ScriptText,
  type Statement,
} from '@detent/core';
import { classifyTokens } from './classify.ts';
import type { Dialect } from './dialect.ts';
import { readDirective, useOf } from './directive.ts';
import { fillPlaceholders } from './placeholders.ts';
import { finishSection } from './section.ts';
import { openSource, type Source } from './source.ts';
import { splitPieces, type CommentPiece, type StatementPiece } from './splitter.ts';
import { readSlice, readStatement } from './statement-reader.ts';

type Direction = 'up' | 'down';

interface Section {
  readonly direction: Direction;
  readonly from: number;
  to: number;
  readonly statements: Statement[];
  /** Where each statement stands, before its placeholders were filled in. */
  readonly pieces: StatementPiece[];
}

/**
 * Reads a script into statements. Sections are those of Detent, goose and dbmate; the delimiter is `;` again in each.
 * Throws `FILE_UNREADABLE` where there is neither a statement nor a comment to run, and `SCRIPT_SYNTAX`,
 * `SCRIPT_DIRECTIVE` or `PLACEHOLDER`, each with its place in the file.
 */
export function parseScript(script: ScriptText, dialect: Dialect): ParsedScript {
  const source = openSource(script.text, script.file);
  const sections: Section[] = [];
  let current: Section | null = script.part === 'whole' ? null : openSection(script.part, source.from, source);
  if (current !== null) sections.push(current);
  /** Statements that no marker has claimed. */
  const unmarked = openSection('up', source.from, source);
  let directives: Directives = {};

  for (const piece of splitPieces(source, dialect, useOf)) {
    switch (piece.kind) {
      case 'statement': {
        const section = current ?? unmarked;
        section.statements.push(toStatement(source, dialect, piece, script.placeholders));
        section.pieces.push(piece);
        break;
      }
      case 'comment': {
        const found = readDirective(piece.text, piece.ownLine, (message, hint) =>
          refused(source, piece.start, message, hint),
        );
        switch (found.kind) {
          case 'section':
            // Nobody doubts what stands before the way back.
            if (
              found.direction === 'down' &&
              current === null &&
              script.part === 'whole' &&
              unmarked.pieces.length > 0
            ) {
              current = unmarked;
              sections.push(unmarked);
            }
            checkMarker(script, source, piece, sections, unmarked, found.direction);
            if (current !== null) current.to = piece.start;
            current = openSection(found.direction, piece.start + piece.text.length, source);
            sections.push(current);
            directives = merge(directives, found.directives, source, piece);
            break;
          case 'settings':
            directives = merge(directives, found.directives, source, piece);
            break;
          case 'statement':
            break;
        }
        break;
      }
    }
  }

  const parts = sections.length === 0 ? [unmarked] : sections;
  const ownTransaction = directives.transaction === 'none' ? 'keep' : 'take over';
  const notes: ScriptNote[] = [];
  const finish = (section: Section | undefined): readonly Statement[] | null => {
    if (section === undefined) return null;
    const finished = finishSection(section.statements, dialect, ownTransaction);
    notes.push(...finished.notes);
    return finished.statements;
  };
  const writtenSection = (direction: Direction): Section | undefined =>
    parts.find((part) => part.direction === direction && isWritten(part, source));
  const upSection = writtenSection('up');
  if (upSection === undefined && script.part !== 'down') throw unwritten(script);
  const downSection = writtenSection('down');
  const up = finish(upSection) ?? [];
  const down = finish(downSection);
  // A file of its own holds its directives already.
  const header = script.part === 'whole' ? renderDirectives(directives) : [];
  const downText = downSection === undefined ? null : [...header, textOf(downSection, source), ''].join('\n');
  return { up, down, downText, directives, notes };
}

function openSection(direction: Direction, from: number, source: Source): Section {
  return { direction, from, to: source.text.length, statements: [], pieces: [] };
}

/** A comment is enough, so that nothing can be meant; a part left blank, as a new file has it, is not written yet. */
function isWritten(section: Section, source: Source): boolean {
  if (section.statements.length > 0) return true;
  const lines = source.text.slice(section.from, section.to).split('\n');
  return lines.some((line) => line.trim() !== '' && useOf(line.trim(), true) === 'skip');
}

function unwritten({ file }: ScriptText): DetentError {
  return new DetentError('FILE_UNREADABLE', `${file} has nothing to run yet.`, {
    hint: 'Write what it is to do, or a comment that says why it does nothing.',
    facts: { place: { file } },
  });
}

function toStatement(
  source: Source,
  dialect: Dialect,
  piece: StatementPiece,
  placeholders: ScriptText['placeholders'],
): Statement {
  const { start, end } = piece;
  const { line, column } = source.place(start);
  if (piece.carriesData) {
    throw source.syntaxError(
      start,
      'COPY … FROM stdin takes its data from the file, which Detent does not send.',
      'Write the rows as INSERT statements; pg_dump does so with --inserts or --rows-per-insert.',
    );
  }
  const text =
    placeholders === null ? source.text.slice(start, end) : fillPlaceholders(source, dialect, start, end, placeholders);
  const reader = placeholders === null ? readSlice(source, dialect, start, end) : readStatement(text, dialect);
  return { text, line, column, ...classifyTokens(reader, dialect) };
}

function checkMarker(
  script: ScriptText,
  source: Source,
  piece: CommentPiece,
  sections: readonly Section[],
  unmarked: Section,
  direction: Direction,
): void {
  if (script.part !== 'whole') {
    throw refused(
      source,
      piece.start,
      `${script.file} is one file of a pair and holds the marker "${piece.text.trim()}".`,
      'Take the marker out, or put both directions into one file.',
    );
  }
  const [early] = unmarked.pieces;
  if (early !== undefined && !sections.includes(unmarked)) {
    throw refused(
      source,
      early.start,
      `This statement stands before the first marker, "${piece.text.trim()}", so that it belongs to neither direction.`,
      'Put "-- detent:up" before the first statement.',
    );
  }
  if (sections.some((section) => section.direction === direction)) {
    throw refused(
      source,
      piece.start,
      `The ${direction} part begins twice.`,
      'Put all its statements behind one marker.',
    );
  }
}

function merge(before: Directives, added: Directives, source: Source, piece: CommentPiece): Directives {
  if (before.transaction !== undefined && added.transaction !== undefined && before.transaction !== added.transaction) {
    throw refused(
      source,
      piece.start,
      'The file asks for two transaction modes.',
      'Keep one of the two; it holds for both directions.',
    );
  }
  const allow = [...new Set([...(before.allow ?? []), ...(added.allow ?? [])])];
  return { ...before, ...added, ...(allow.length === 0 ? {} : { allow }) };
}

function refused(source: Source, offset: number, message: string, hint: string): DetentError {
  return new DetentError('SCRIPT_DIRECTIVE', message, { hint, facts: { place: source.place(offset) } });
}

/** Everything behind the marker, with the placeholders filled in as they were. */
function textOf(section: Section, source: Source): string {
  let text = '';
  let at = section.from;
  section.pieces.forEach(({ start, end }, index) => {
    text += source.text.slice(at, start) + (section.statements[index]?.text ?? '');
    at = end;
  });
  return (text + source.text.slice(at, section.to)).trim();
}

function renderDirectives(directives: Directives): string[] {
  const { transaction, lockTimeoutMs, statementTimeoutMs, idempotent, allow } = directives;
  const timeouts = [
    ...(lockTimeoutMs === undefined ? [] : [`lock=${lockTimeoutMs}ms`]),
    ...(statementTimeoutMs === undefined ? [] : [`statement=${statementTimeoutMs}ms`]),
  ];
  return [
    ...(transaction === undefined ? [] : [`-- detent:transaction ${transaction}`]),
    ...(timeouts.length === 0 ? [] : [`-- detent:timeout ${timeouts.join(' ')}`]),
    ...(idempotent === true ? ['-- detent:idempotent'] : []),
    ...(allow === undefined ? [] : [`-- detent:allow ${allow.join(', ')}`]),
  ];
}
