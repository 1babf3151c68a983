/** Why a request was not answered as it should have been. It is thrown, and never leaves this package. */
export class RequestFailure extends Error {
  /** Of the answer; undefined if there was none. */
  readonly status: number | undefined;
  /** MLflow's `error_code`, {@link STORE_FAULT} or {@link IMPOSSIBLE}; empty if it gave none. */
  readonly code: string;
  /** When the server wants to be asked again, in ms. */
  readonly afterMs: number | undefined;

  constructor(message: string, details: { status?: number; code?: string; afterMs?: number | undefined } = {}) {
    super(message);
    this.status = details.status;
    this.code = details.code ?? "";
    this.afterMs = details.afterMs;
  }
}

/** What is wrong is where MLflow keeps its artifacts. No code of MLflow's. */
export const STORE_FAULT = "STORE_FAULT";
/** It can't be done, whatever MLflow answers. No code of MLflow's. */
export const IMPOSSIBLE = "IMPOSSIBLE";

/** What will be answered the same, however often it is asked. */
export function isRefusal(thrown: unknown): thrown is RequestFailure {
  if (!(thrown instanceof RequestFailure)) return false;
  const { status, code } = thrown;
  // For the size of a request there are gateways, which give no code.
  if (status === 413 || code === IMPOSSIBLE) return true;
  return isBadRequest(status) && code !== "" && !isPassing(thrown);
}

/** Whether it is a gateway that says so, and not MLflow, which gives a code. */
export function isOfGateway({ status, code }: RequestFailure): boolean {
  return isBadRequest(status) && code === "";
}

function isBadRequest(status: number | undefined): boolean {
  return status === 400 || status === 422;
}

/** MLflow answers BAD_REQUEST to whatever its database says, also to what another time will be no trouble. */
function isPassing({ code, message }: RequestFailure): boolean {
  return code === "BAD_REQUEST" && PASSING.test(message) && !THERE.test(message);
}

const PASSING =
  /QueuePool|InterfaceError|InternalError|InFailedSqlTransaction|has been rolled back|invalid transaction is rolled back|connection .*(?:closed|invalidated|timed out)/i;
const THERE = /UNIQUE constraint failed|duplicate key value|Duplicate entry/i;

export function isMissing(thrown: unknown): thrown is RequestFailure {
  return thrown instanceof RequestFailure && thrown.status === 404 && thrown.code === "RESOURCE_DOES_NOT_EXIST";
}

/** Refused because it is there already: what a database says that would not take it twice. */
export function isThere(thrown: unknown): boolean {
  return isRefusal(thrown) && THERE.test(thrown.message);
}

/** What only a person can mend is asked for seldom. */
export const MENDED_BY_A_PERSON_MS = 30_000;

const LONGEST_MESSAGE = 300;

/** An answer that is no success, with the next step for whoever reads it. @param url - without credentials */
export function failureOf(status: number, body: string, retryAfter: string | undefined, url: URL): RequestFailure {
  const { code, message } = errorIn(body);
  const at = serverAt(url);
  const told = message === "" ? "" : `: ${message}`;
  const seldom = { status, code, afterMs: MENDED_BY_A_PERSON_MS };
  if (status === 401) {
    const hint = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, and start again";
    return new RequestFailure(`${at} wants other credentials (HTTP 401): ${hint}`, seldom);
  }
  if (status === 403 && /invalid host/i.test(message)) {
    const hint = `start it with --allowed-hosts ${url.host}, or set MLFLOW_SERVER_ALLOWED_HOSTS there`;
    return new RequestFailure(`${at} takes no requests under that name (HTTP 403): ${hint}`, seldom);
  }
  if (status === 403) {
    return new RequestFailure(`${at} does not allow it (HTTP 403)${told}. Ask for the right to edit there`, seldom);
  }
  if (/^workspace\b/i.test(message)) {
    return new RequestFailure(`${at} answered HTTP ${status}${told}. Check MLFLOW_WORKSPACE`, seldom);
  }
  if ((status === 404 && code === "") || status === 405 || (status >= 300 && status < 400)) {
    const hint = "check the tracking URI, with its path";
    return new RequestFailure(`there is no MLflow at ${placeOf(url)} (HTTP ${status}): ${hint}`, seldom);
  }
  return new RequestFailure(`${at} answered HTTP ${status}${told}`, { status, code, afterMs: afterMsOf(retryAfter) });
}

/** A request that got no answer. @param who - see {@link serverAt} */
export function unanswered(thrown: unknown, who: string): RequestFailure {
  const code = typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "";
  const reason = code === "" || code === "ABORT_ERR" ? String(thrown) : code;
  const hint = DISTRUST.test(code)
    ? "its certificate is not trusted; MLFLOW_TRACKING_SERVER_CERT_PATH can name its authority's"
    : "is it running there?";
  return new RequestFailure(`${who} can't be reached (${reason}): ${hint}`);
}

/** Node's codes for certificates. */
const DISTRUST = /CERT|ISSUER|SIGNATURE|ALTNAME/;

export function timedOut(seconds: number, who: string): RequestFailure {
  return new RequestFailure(`${who} has not answered within ${Math.ceil(seconds)} s`);
}

/** How a server is named to people. */
export function serverAt(url: URL): string {
  return `MLflow at ${placeOf(url)}`;
}

function placeOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

/** Both are empty where the answer isn't MLflow's own. */
function errorIn(body: string): { code: string; message: string } {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) {
      const code = "error_code" in value ? String(value.error_code) : "";
      return { code, message: "message" in value ? shortened(String(value.message)) : "" };
    }
  } catch {
    // It is text, or a page.
  }
  return { code: "", message: /^\s*</.test(body) ? "" : shortened(body) };
}

/** Messages may hold the values that were sent, and whole statements of SQL. */
function shortened(message: string): string {
  const line = message
    .replace(/\s+/g, " ")
    .replace(/\[SQL: .*/, "")
    .trim();
  return line.length <= LONGEST_MESSAGE ? line : `${line.slice(0, LONGEST_MESSAGE)}…`;
}

/** @param retryAfter - seconds, or a date */
function afterMsOf(retryAfter = ""): number | undefined {
  const ms = /^\s*\d+\s*$/.test(retryAfter) ? 1000 * Number(retryAfter) : Date.parse(retryAfter) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_WAIT_MS) : undefined;
}

const LONGEST_WAIT_MS = 300_000;
