import { expect, test } from "vitest";
import { readUrl, writeUrl } from "../src/url-state.ts";

test("a link names the run, the round and the client", () => {
  expect(readUrl({ search: "?run_id=a.b-1", hash: "#round=0&client=site+1" })).toEqual({
    runId: "a.b-1",
    round: 0,
    clientId: "site 1",
  });
});

test("a round that is none is left out", () => {
  for (const hash of ["", "#", "#round=", "#round=-1", "#round=1e3", "#round=NaN"]) {
    expect(readUrl({ search: "", hash }).round).toBeUndefined();
  }
});

test("what can't be a run's id is passed over", () => {
  for (const id of ["", "../../etc/passwd", "<img src=x>", "x".repeat(200)]) {
    expect(readUrl({ search: `?${new URLSearchParams({ run_id: id })}`, hash: "" }).runId).toBeUndefined();
  }
});

test("what is written is read back, and foreign parameters stay", () => {
  const state = { runId: "run 1", round: 7, clientId: "a&b=ü" };
  const url = new URL(writeUrl("?token=x&run_id=old", state), "http://host/");
  expect(readUrl(url)).toEqual(state);
  expect(url.searchParams.get("token")).toBe("x");
});
