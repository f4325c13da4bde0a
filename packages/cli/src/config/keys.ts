import { checkShape, DetentError, OPTION_SHAPES, type Shape } from '@detent/core';

/** A setting that can be given as text: by the environment, or by a flag. */
export interface Key {
  /** As in the configuration: `backup.folder`. */
  readonly path: string;
  /** `DETENT_BACKUP_FOLDER`. */
  readonly variable: string;
  readonly shape: TextShape;
}

type TextShape = Extract<Shape, { kind: 'text' | 'boolean' | 'number' | 'choice' | 'list' }>;

type TextValue = string | number | boolean | readonly string[];

/** All of them, made from core's own list, in its order. */
export const KEYS: readonly Key[] = keysOf(OPTION_SHAPES, '').filter(({ path }) => path !== 'cwd');

/** Variables that are no settings of core. */
export const OTHER_VARIABLES = ['DETENT_URL', 'DATABASE_URL', 'DETENT_ENV', 'DETENT_CONFIG'] as const;

function keysOf(shapes: Readonly<Record<string, Shape>>, prefix: string): Key[] {
  return Object.entries(shapes).flatMap(([name, shape]) => {
    const path = prefix + name;
    switch (shape.kind) {
      case 'object':
        return keysOf(shape.keys, `${path}.`);
      case 'text':
      case 'boolean':
      case 'number':
      case 'choice':
      case 'list':
        return [{ path, variable: variableOf(path), shape }];
      case 'source':
        return [{ path, variable: variableOf(path), shape: { kind: 'text' } as const }];
      case 'functions':
      case 'function':
      case 'record':
      case 'adapter':
      case 'logger':
        return [];
    }
  });
}

function variableOf(path: string): string {
  return `DETENT_${path
    .replace(/([A-Z])/g, '_$1')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

/** Reads a text as the setting's value; a list has commas. Throws `CONFIG` naming `from`, where the text was found. */
export function parseValue({ shape }: Key, text: string, from: string): TextValue {
  const value = read(shape, text);
  checkedFrom(from, () => checkShape({ [from]: value }, { [from]: shape }, ''));
  return value;
}

function read(shape: TextShape, text: string): TextValue {
  switch (shape.kind) {
    case 'number':
      return /^\d+$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
    case 'list':
      return text.split(',').map((item) => item.trim());
    case 'text':
    case 'choice':
      return text;
  }
}

/** Runs a check; what it throws is told with the place where the wrong thing stands. */
export function checkedFrom(file: string, check: () => void): void {
  try {
    check();
  } catch (thrown) {
    if (!(thrown instanceof DetentError) || thrown.message.includes(file)) throw thrown;
    const { message, hint, facts, code } = thrown;
    throw new DetentError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      facts: { ...facts, place: { file } },
      cause: thrown,
    });
  }
}
