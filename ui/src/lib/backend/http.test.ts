// The browser's transport, against a stand-in for fetch and for the stream of events.
import { afterEach, expect, test, vi } from "vitest";
import { httpBackend } from "./http";
import { Refusal, type Fact } from "./backend";

class Stream {
  static last: Stream;
  onopen: () => void = () => {};
  onerror: () => void = () => {};
  onmessage: (message: { data: string }) => void = () => {};
  closed = false;
  constructor(readonly address: string) {
    Stream.last = this;
  }
  close() {
    this.closed = true;
  }
}

afterEach(() => vi.unstubAllGlobals());

function answering(status: number, body: string) {
  const fetched = vi.fn<typeof fetch>(async () => new Response(body, { status }));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

test("a command goes to the core, a host's command to the host", async () => {
  const fetched = answering(200, '{"path":"/data"}');
  await httpBackend().call({ command: "song", id: "a" });
  expect(await httpBackend().host({ command: "data_folder" })).toEqual({ path: "/data" });
  expect(fetched.mock.calls.map(([to, how]) => [to, how?.method, how?.body])).toEqual([
    ["/call", "POST", '{"core":{"command":"song","id":"a"}}'],
    ["/call", "POST", '{"host":{"command":"data_folder"}}'],
  ]);
});

test("a refusal carries the report that came", async () => {
  const error = { code: "NO_AUDIO", key: "no_audio", params: {}, message: "No.", request_id: "r", retryable: false };
  answering(409, JSON.stringify({ error }));
  const refused = await httpBackend()
    .call({ command: "next" })
    .catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(Refusal);
  expect((refused as Refusal).report).toEqual(error);
});

test.each([
  [502, "<html>Bad gateway</html>"],
  [403, '{"error":"no"}'],
])("an answer of %i that is no report is still one", async (status, body) => {
  answering(status, body);
  await expect(httpBackend().call({ command: "next" })).rejects.toMatchObject({ report: { key: "internal" } });
});

test("nobody there is a refusal too", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(httpBackend().call({ command: "next" })).rejects.toBeInstanceOf(Refusal);
});

test("events are heard; when the stream was away, some were missed", async () => {
  vi.stubGlobal("EventSource", Stream);
  const heard: Fact[] = [];
  const subscribed = httpBackend().subscribe((fact) => heard.push(fact));
  Stream.last.onopen();
  const stop = await subscribed;
  Stream.last.onmessage({ data: '{"event":"library_changed"}' });
  Stream.last.onerror();
  Stream.last.onopen();
  expect([Stream.last.address, heard]).toEqual(["/events", [{ event: "library_changed" }, { event: "missed" }]]);
  stop();
  expect(Stream.last.closed).toBe(true);
});

test("a stream that does not open yet keeps nobody waiting", async () => {
  vi.stubGlobal("EventSource", Stream);
  const heard: Fact[] = [];
  const subscribed = httpBackend().subscribe((fact) => heard.push(fact));
  Stream.last.onerror();
  await subscribed;
  Stream.last.onopen();
  expect(heard).toEqual([{ event: "missed" }]);
});

test("a cover is asked for by a whole segment of the path", () => {
  expect(httpBackend().coverUrl("a/b?c", 64)).toBe("/cover/a%2Fb%3Fc?side=64");
});
