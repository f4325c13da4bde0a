type Makers<T> = { readonly [Key in keyof T]: (made: T) => T[Key] };

/** An object whose properties are each made when it is first read: a start with nothing to do reads two or three. */
export function onDemand<T extends object>(makers: Makers<T>): T {
  const made = {} as T;
  for (const key of Object.keys(makers) as (keyof T)[]) {
    Object.defineProperty(made, key, {
      enumerable: true,
      configurable: true,
      get: () => {
        const value = makers[key](made);
        Object.defineProperty(made, key, { value, enumerable: true });
        return value;
      },
    });
  }
  return made;
}
