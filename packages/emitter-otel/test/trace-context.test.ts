import { describe, expect, it } from "vitest";
import { remoteContext } from "../src/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("a traceparent", () => {
  it.each([
    ["of the first version", `00-${TRACE}-${SPAN}-01`, 1],
    ["of a trace that isn't sampled", `00-${TRACE}-${SPAN}-00`, 0],
    ["with flags that nobody knows", `00-${TRACE}-${SPAN}-fe`, 0],
    ["of a later version", `cc-${TRACE}-${SPAN}-01-what-comes-later`, 1],
    ["of a later version that adds nothing", `01-${TRACE}-${SPAN}-01`, 1],
  ])("%s names a span", (_, text, traceFlags) => {
    expect(remoteContext(text)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true });
  });

  it.each([
    undefined,
    null,
    7,
    {},
    "",
    `${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01-`,
    `01-${TRACE}-${SPAN}-01.more`,
    `ff-${TRACE}-${SPAN}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    `cc-${TRACE}-${SPAN}-01-${"x".repeat(300)}`,
  ])("%j names none", (text) => {
    expect(remoteContext(text)).toBeUndefined();
  });
});

it("a tracestate goes with it, unless it is too long or no text", () => {
  const stateOf = (tracestate: unknown) => remoteContext(`00-${TRACE}-${SPAN}-01`, tracestate)?.traceState?.serialize();
  expect(stateOf("a=1,b=2")).toBe("a=1,b=2");
  expect(stateOf(`a=${"1".repeat(600)}`)).toBeUndefined();
  expect(stateOf(["a=1"])).toBeUndefined();
});
