import { expect, it } from "vitest";
import { installCommand, loadPart } from "../src/pipeline/sdk.ts";

it.each([
  ["20.19.0", "npm install @opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223"],
  ["22.14.0", "npm install @opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223"],
  ["22.15.0", "npm install @opentelemetry/api @opentelemetry/sdk-node"],
  ["24.1.0", "npm install @opentelemetry/api @opentelemetry/sdk-node"],
])("says what to install on Node %s", (node, command) => {
  expect(installCommand(node)).toBe(command);
});

it("says which part is missing, and passes on what else is wrong", async () => {
  const missing = Object.assign(new Error("Cannot find package '@opentelemetry/sdk-logs' imported from /x.js"), {
    code: "ERR_MODULE_NOT_FOUND",
  });
  await expect(loadPart(() => Promise.reject(missing))).rejects.toMatchObject({
    code: "usage",
    message: expect.stringMatching(/needs @opentelemetry\/sdk-logs: npm install /),
  });
  await expect(loadPart(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
});
