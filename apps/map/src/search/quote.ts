/** Text as it stands in a query: quoted where it has to be. */
export function quoteValue(value: string): string {
  return /^$|[\s",\\]/.test(value) ? `"${value.replaceAll(/["\\]/g, "\\$&")}"` : value;
}

/** A field's name as it stands in a query. */
export function quoteField(name: string): string {
  return /^$|^-|[\s"\\:=<>]|!=/.test(name) ? `"${name.replaceAll(/["\\]/g, "\\$&")}"` : name;
}
