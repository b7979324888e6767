/** All of them, where none is unknown. */
export function everyKnown<T>(given: readonly (T | undefined)[]): T[] | undefined {
  const known = given.filter((each) => each !== undefined);
  return known.length < given.length ? undefined : known;
}
