/**
 * Puts a condition into a filter, in the place of others on the same field; takes it out if it is there.
 *
 * @param term - as `status:dropped`
 */
export function toggleTerm(filter: string, term: string): string {
  const field = term.slice(0, term.indexOf(":") + 1);
  const terms = termsOf(filter);
  const others = terms.filter((other) => !other.startsWith(field));
  return (terms.includes(term) ? others : [...others, term]).join(" ");
}

/** Whether a filter has a condition. */
export function hasTerm(filter: string, term: string): boolean {
  return termsOf(filter).includes(term);
}

/** Its parts; what stands in quotation marks is kept together. */
function termsOf(filter: string): string[] {
  return filter.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}
