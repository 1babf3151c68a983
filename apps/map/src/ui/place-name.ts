/** City and country as they were reported, undefined if neither was. */
export function placeName(place: { city?: unknown; country?: unknown } | undefined): string | undefined {
  const parts = [place?.city, place?.country].filter((part) => typeof part === "string" && part !== "");
  return parts.length > 0 ? parts.join(", ") : undefined;
}
