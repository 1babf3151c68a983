import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { isIP } from "node:net";

/**
 * On every answer. Nothing is loaded from elsewhere and no script but ours runs, so what a client calls itself can't
 * become code; and no page of another site can frame us, unless it is allowed to, or, without CORS headers, read us.
 *
 * @param embedders - origins whose pages may frame us
 */
export function safeHeaders(embedders: readonly string[]): OutgoingHttpHeaders {
  const ancestors = embedders.length === 0 ? "'none'" : embedders.join(" ");
  return {
    "Content-Security-Policy": `default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors ${ancestors}`,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
  };
}

/**
 * Whether a request was addressed to us: to `localhost`, to an IP address, or to a name that was allowed. Any other name
 * is somebody's who lets it point here, to have a browser read us for his page (DNS rebinding).
 */
export function isAllowedHost(request: IncomingMessage, allowed: readonly string[]): boolean {
  const host = request.headers.host;
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (name === "localhost" || allowed.includes(name)) return true;
  return isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
}
