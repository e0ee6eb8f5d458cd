// Downloads, against a double of the backend.
import { expect, test } from "vitest";
import type { DownloadRow } from "$lib/generated/types";
import { App } from "./app.svelte";
import { Double, later, overview, refusal, report, settled } from "./double";

const row = (song_id: string, state: DownloadRow["state"], change: Partial<DownloadRow> = {}): DownloadRow => ({
  song_id,
  rendition: "original",
  state,
  bytes: 10,
  total: 100,
  title: `Title ${song_id}`,
  artist: "Artist",
  ...change,
});

async function started(...rows: DownloadRow[]) {
  const backend = new Double();
  backend.answers.overview = () => overview();
  backend.answers.downloads = () => ({ downloads: rows });
  const app = new App(backend);
  await app.start();
  const tell = (told: DownloadRow) => backend.tell({ event: "download_changed", ...told });
  return { app, backend, tell, downloads: app.downloads };
}

const ids = (rows: readonly DownloadRow[]) => rows.map(({ song_id }) => song_id);

test("what is coming, what did not come and what is here stand apart, each in its order", async () => {
  const { downloads } = await started(
    row("a", "done"),
    row("b", "running"),
    row("c", "failed"),
    row("d", "paused"),
    row("e", "queued"),
    row("f", "done"),
  );
  expect(downloads.read).toBe(false);
  await downloads.load();
  expect([ids(downloads.coming), ids(downloads.failed), ids(downloads.here)]).toEqual([
    ["b", "d", "e"],
    ["c"],
    ["a", "f"],
  ]);
});

test("progress is told row by row, and a row that comes to its end changes its place", async () => {
  const { downloads, tell } = await started(row("a", "running"), row("b", "queued"));
  await downloads.load();
  tell(row("a", "running", { bytes: 60 }));
  expect(downloads.coming[0]?.bytes).toBe(60);
  tell(row("a", "done", { bytes: 100 }));
  expect([ids(downloads.coming), ids(downloads.here)]).toEqual([["b"], ["a"]]);
});

test("the two renditions of a song are two downloads", async () => {
  const { downloads, tell } = await started(row("a", "done"), row("a", "running", { rendition: "instrumental" }));
  await downloads.load();
  tell(row("a", "running", { rendition: "instrumental", bytes: 50 }));
  expect([downloads.here.length, downloads.coming[0]?.bytes]).toEqual([1, 50]);
  // A row of a list of songs shows the original's state.
  expect(downloads.rows.get("a")).toBeUndefined();
});

test("one that is told of and not known is read with the others; many that come at once cost two reads", async () => {
  const { downloads, tell, backend } = await started();
  await downloads.load();
  const answer = later<{ downloads: DownloadRow[] }>();
  backend.answers.downloads = () => answer.promise;
  for (const id of ["a", "b", "c"]) tell(row(id, "running"));
  expect(backend.of("downloads")).toHaveLength(2);
  answer.resolve({ downloads: [row("a", "running"), row("b", "running"), row("c", "running")] });
  await settled();
  expect(backend.of("downloads")).toHaveLength(3);
  expect(ids(downloads.coming)).toEqual(["a", "b", "c"]);
});

test("before the screen was opened nothing is read, whatever is told", async () => {
  const { tell, backend, downloads } = await started(row("a", "running"));
  tell(row("a", "running"));
  expect(backend.of("downloads")).toHaveLength(0);
  expect(downloads.rows.get("a")?.state).toBe("running");
});

test("why one failed stays known when all are read again", async () => {
  const { downloads, tell } = await started(row("a", "failed"));
  await downloads.load();
  tell(row("a", "failed", { error: report("no_audio", { title: "A" }) }));
  await downloads.load();
  expect(downloads.failed[0]?.error?.key).toBe("no_audio");
});

test("one that is taken away is gone at once, and a late word of it does not bring it back", async () => {
  const { downloads, tell, backend } = await started(row("a", "done"), row("b", "done"));
  await downloads.load();
  tell(row("a", "done"));
  backend.answers.downloads_remove = () => ({ downloads: [row("a", "done")] });
  backend.answers.downloads = () => ({ downloads: [row("b", "done")] });
  await downloads.remove(row("a", "done"));
  expect(ids(downloads.here)).toEqual(["b"]);
  expect(downloads.rows.has("a")).toBe(false);
  expect(backend.of("downloads_remove")).toEqual([{ command: "downloads_remove", ids: ["a"], rendition: "original" }]);
  tell(row("a", "running"));
  await settled();
  expect(ids([...downloads.here, ...downloads.coming])).toEqual(["b"]);
});

test("what failed is asked for again, each rendition for itself", async () => {
  const { downloads, backend } = await started();
  await downloads.bring([row("a", "failed"), row("b", "failed", { rendition: "instrumental" }), row("c", "failed")]);
  expect(backend.of("download").map(({ ids, rendition }) => [rendition, ids])).toEqual([
    ["original", ["a", "c"]],
    ["instrumental", ["b"]],
  ]);
});

test("all are put off and taken up, or those of one song; the answer is what shows", async () => {
  const { downloads, backend } = await started(row("a", "running"), row("b", "running"));
  await downloads.load();
  backend.answers.downloads_pause = () => ({ downloads: [row("a", "paused"), row("b", "paused")] });
  backend.answers.downloads_resume = () => ({ downloads: [row("a", "queued"), row("b", "paused")] });
  await downloads.pause();
  expect(downloads.coming.map(({ state }) => state)).toEqual(["paused", "paused"]);
  await downloads.resume(["a"]);
  expect(downloads.coming.map(({ state }) => state)).toEqual(["queued", "paused"]);
  expect([backend.of("downloads_pause"), backend.of("downloads_resume")]).toEqual([
    [{ command: "downloads_pause" }],
    [{ command: "downloads_resume", ids: ["a"] }],
  ]);
});

test("a list that cannot be read says why; another account begins without one", async () => {
  const { downloads, backend } = await started(row("a", "done"));
  await downloads.load();
  backend.answers.downloads = () => Promise.reject(refusal("busy"));
  await downloads.load();
  expect([downloads.error?.key, downloads.here.length]).toEqual(["busy", 1]);
  backend.tell({ event: "session_changed", signed_in: true });
  expect([downloads.read, downloads.here.length]).toEqual([false, 0]);
});
