/** Text without what makes no difference in a search: case and accents. */
export function foldText(text: string): string {
  // Most ids have neither, and there may be a hundred thousand.
  if (/^[\x20-\x7e]*$/.test(text)) return text.toLowerCase();
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
