/**
 * Whether a path below the source is to be left alone. Patterns are globs: `*` and `?` stay inside a folder, `**` does
 * not. A pattern without a slash looks at the last name of the path, one with a slash at the whole path; what it
 * matches is left alone with everything inside.
 */
export function ignoring(patterns: readonly string[]): (path: string) => boolean {
  const names = patterns.filter((pattern) => !isPath(pattern)).map(toExpression);
  const paths = patterns.filter(isPath).map(toExpression);
  if (patterns.length === 0) return () => false;
  return (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return names.some((expression) => expression.test(name)) || paths.some((expression) => expression.test(path));
  };
}

function isPath(pattern: string): boolean {
  return pattern.replace(/\/+$/u, '').includes('/');
}

function toExpression(pattern: string): RegExp {
  const trimmed = pattern
    .replace(/^\.?\//u, '')
    .replace(/\/+$/u, '')
    .normalize('NFC');
  const source = trimmed.replaceAll(/\*\*\/|\/\*\*$|\*\*|[*?]|[\\^$.+()[\]{}|]/gu, (sign) => {
    switch (sign) {
      case '**/':
        return '(?:.*/)?';
      case '/**':
        return '(?:/.*)?';
      case '**':
        return '.*';
      case '*':
        return '[^/]*';
      case '?':
        return '[^/]';
      default:
        return `\\${sign}`;
    }
  });
  return new RegExp(`^${source}$`, 'u');
}
