// The window's transport, against a stand-in for Tauri's side.
import { mockIPC, mockWindows, clearMocks } from "@tauri-apps/api/mocks";
import { afterEach, expect, test } from "vitest";
import { windowBackend } from "./window";

afterEach(clearMocks);

test("a command is the one IPC call, and its refusal carries the report", async () => {
  const error = { code: "NO_AUDIO", key: "no_audio", params: {}, message: "No.", request_id: null, retryable: false };
  mockWindows("main");
  mockIPC((name, payload) => {
    expect([name, payload]).toEqual(["call", { request: { core: { command: "seek", to_s: 3 } } }]);
    throw error;
  });
  await expect(windowBackend().call({ command: "seek", to_s: 3 })).rejects.toMatchObject({ report: error });
});

test("a refusal that is no report is still one", async () => {
  mockIPC(() => {
    throw "command call not allowed";
  });
  await expect(windowBackend().host({ command: "start_demo" })).rejects.toMatchObject({
    report: { key: "internal", message: "command call not allowed" },
  });
});
