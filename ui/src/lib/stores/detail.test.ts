import { expect, test } from "vitest";
import type { FullSong, Replies } from "$lib/generated/types";
import { Detail, facts, verses } from "./detail.svelte";
import { Double, later, refusal, song } from "./double";

const full = (id: string): FullSong => ({ ...song(id), lyrics: "la", metadata: null });

test("what a list had of a song shows at once, the whole of it when it comes", async () => {
  const backend = new Double();
  const answer = later<Replies["song"]>();
  backend.answers.song = () => answer.promise;
  const detail = new Detail(backend);
  const opened = detail.open("a", song("a"));
  expect([detail.song?.id, detail.full]).toEqual(["a", null]);
  answer.resolve({ song: full("a") });
  await opened;
  expect(detail.full?.lyrics).toBe("la");
});

test("a song that was left does not come late in the place of another", async () => {
  const backend = new Double();
  const late = later<Replies["song"]>();
  backend.answers.song = ({ id }) => (id === "a" ? late.promise : { song: full("b") });
  const detail = new Detail(backend);
  const first = detail.open("a", song("a"));
  await detail.open("b", null);
  late.resolve({ song: full("a") });
  await first;
  expect([detail.song?.id, detail.full?.id]).toEqual(["b", "b"]);
});

test("a refusal leaves what is known", async () => {
  const backend = new Double();
  backend.answers.song = () => Promise.reject(refusal("no_connection"));
  const detail = new Detail(backend);
  await detail.open("a", song("a"));
  expect([detail.song?.id, detail.error?.key]).toEqual(["a", "no_connection"]);
});

test("an empty line parts two verses, however lines end", () => {
  expect(verses("\n दिल की छत पर\r\nशाम \r\n\r\n \nरात\n")).toEqual([["दिल की छत पर", "शाम"], ["रात"]]);
  expect(verses(" \n ")).toEqual([]);
});

test("of what was measured, words and numbers are told, in a fixed order", () => {
  expect(facts({ energy: 0, key: "D Khamaj", bpm: 96, waveform: [1, 2], isrc: "x", danceability: null })).toEqual([
    { key: "bpm", value: 96 },
    { key: "key", value: "D Khamaj" },
    { key: "energy", value: 0 },
  ]);
  expect(facts(null)).toEqual([]);
});
