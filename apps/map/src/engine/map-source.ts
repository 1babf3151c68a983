import { HiveWatchError, type MapHead, type MapPlace, parseMapHead } from "@hivewatch/core";

/** Where a run's map in schema 2 is read from (docs/map-format.md). */
export interface MapSource {
  /** The head as it is now; `unchanged` since it was last asked for; undefined if there is none. */
  head(): Promise<MapHead | "unchanged" | undefined>;
  /**
   * Parts of the frames that the head tells of, no longer compressed; undefined if the frames have been moved since: then
   * the head must be fetched again.
   */
  parts(head: MapHead, places: readonly MapPlace[]): Promise<Uint8Array[] | undefined>;
}

/** So far apart two parts may be to be fetched in one request. */
const MAX_GAP_BYTES = 64 * 1024;

/** Reads a map over HTTP, from our server or any that serves files. */
export function httpMapSource(headUrl: string, framesUrl: string): MapSource {
  let tag: string | null = null;
  let whole: { id: string; bytes: Uint8Array<ArrayBuffer> } | undefined;

  /** A server without ranges sends everything, which is then kept. */
  async function fetchRange(head: MapHead, first: number, end: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { id } = head.frames;
    if (whole?.id === id && whole.bytes.length >= end) return whole.bytes.subarray(first, end);
    const response = await fetch(framesUrl, { headers: { Range: `bytes=${first}-${end - 1}`, "If-Match": `"${id}"` } });
    if (response.status === 412) return undefined;
    if (!response.ok) throw new HiveWatchError("unavailable", `${framesUrl} answers ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status === 206) return bytes;
    whole = { id, bytes };
    return bytes.subarray(first, end);
  }

  return {
    async head() {
      const headers: HeadersInit = tag === null ? {} : { "If-None-Match": tag };
      const response = await fetch(headUrl, { headers, cache: "no-store" });
      if (response.status === 304) return "unchanged";
      if (response.status === 404) return undefined;
      if (!response.ok) throw new HiveWatchError("unavailable", `${headUrl} answers ${response.status}`);
      tag = response.headers.get("ETag");
      return parseMapHead(await response.text());
    },
    async parts(head, places) {
      const found = new Map<MapPlace, Uint8Array<ArrayBuffer>>();
      for (const group of neighbours(places)) {
        const bytes = await fetchRange(head, group.first, group.end);
        if (bytes === undefined) return undefined;
        for (const place of group.places) {
          const at = place[0] - group.first;
          found.set(place, bytes.subarray(at, at + place[1]));
        }
      }
      return Promise.all(places.map((place) => gunzip(found.get(place) ?? new Uint8Array())));
    },
  };
}

interface Group {
  readonly first: number;
  end: number;
  readonly places: MapPlace[];
}

function neighbours(places: readonly MapPlace[]): Group[] {
  const groups: Group[] = [];
  for (const place of [...places].sort(([a], [b]) => a - b)) {
    const [offset, length] = place;
    const last = groups.at(-1);
    if (last !== undefined && offset - last.end <= MAX_GAP_BYTES) {
      last.end = Math.max(last.end, offset + length);
      last.places.push(place);
    } else groups.push({ first: offset, end: offset + length, places: [place] });
  }
  return groups;
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const { readable, writable } = new DecompressionStream("gzip");
  const unpacked = new Response(readable).arrayBuffer();
  const writer = writable.getWriter();
  // What is wrong with the bytes is told by the reader.
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  return new Uint8Array(await unpacked);
}
