/** A number inside a document of MySQL's JSON that its text alone would not bring back. */
export interface JsonDecimal {
  /** As MySQL writes paths. */
  readonly path: string;
  readonly digits: string;
}

/** Only what has a point between digits, or many of them, may be one. */
const LIKELY = /\d\.\d|\d{19}/;

/**
 * A document keeps decimals that came from columns, and shows all their digits; read from text, a number with a point is a
 * double, and `1.10` is `1.1`.
 */
export function decimalsIn(text: string): readonly JsonDecimal[] {
  if (!LIKELY.test(text)) return [];
  const found: JsonDecimal[] = [];
  const visit = (value: unknown, path: string): void => {
    if (value instanceof Decimal) found.push({ path, digits: value.digits });
    else if (Array.isArray(value)) value.forEach((each, index) => visit(each, `${path}[${index}]`));
    else if (typeof value === 'object' && value !== null)
      for (const [key, each] of Object.entries(value)) visit(each, `${path}.${JSON.stringify(key)}`);
  };
  visit(JSON.parse(text, reviver as (key: string, value: unknown) => unknown), '$');
  return found;
}

class Decimal {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

function reviver(_: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === 'number' && isDecimal(context.source ?? '') ? new Decimal(context.source ?? '') : value;
}

/** Whether the server, reading it as a double or a whole number, would write it otherwise. */
function isDecimal(source: string): boolean {
  if (/e/i.test(source) || source === '-0.0') return false;
  if (source.includes('.')) {
    const shortest = String(Number(source));
    return source !== shortest && source !== `${shortest}.0`;
  }
  const whole = BigInt(source);
  return whole < -(2n ** 63n) || whole >= 2n ** 64n;
}
