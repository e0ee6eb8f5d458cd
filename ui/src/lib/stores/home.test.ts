import { expect, test } from "vitest";
import type { Backend } from "$lib/backend";
import type { Command, SongView } from "$lib/generated/types";
import { byLanguage, Home } from "./home.svelte";

const song = (id: string, language: string | null = "hi") => ({ id, title: id, language }) as SongView;

/** A backend that answers when it is told to. */
function held() {
  const waiting: { command: Command; answer: (value: unknown) => void; refuse: (why: unknown) => void }[] = [];
  const call = (command: Command) =>
    new Promise((answer, refuse) => {
      waiting.push({ command, answer, refuse });
    });
  const take = (wanted: (command: Command) => boolean) => {
    const at = waiting.findIndex(({ command }) => wanted(command));
    const [found] = waiting.splice(at, 1);
    if (at < 0 || !found) throw new Error("This was not asked.");
    return found;
  };
  return { backend: { call } as unknown as Backend, take };
}
const offline = (command: Command) => command.command === "trending" && command.offline === true;
const fresh = (command: Command) => command.command === "trending" && !command.offline;
const shown = (home: Home) => home.trending.shown?.map(({ id }) => id) ?? null;
const settled = () => new Promise((done) => setTimeout(done));

test("what is known here shows before the service answers, and the service's answer takes its place", async () => {
  const { backend, take } = held();
  const home = new Home(backend);
  const loaded = home.load();
  take(offline).answer({ songs: [song("a"), song("b")] });
  await settled();
  expect(shown(home)).toEqual(["a", "b"]);
  expect(home.asking).toBe(true);
  take(fresh).answer({ songs: [song("c"), song("a")] });
  await loaded;
  expect(shown(home)).toEqual(["c", "a"]);
  expect(home.asking).toBe(false);
});

test("a fresh answer that is first is not undone by what is known here", async () => {
  const { backend, take } = held();
  const home = new Home(backend);
  const loaded = home.load();
  take(fresh).answer({ songs: [song("new")] });
  await settled();
  take(offline).answer({ songs: [song("old")] });
  await loaded;
  expect(shown(home)).toEqual(["new"]);
});

test("without the service what is known here stays, and why is said", async () => {
  const { backend, take } = held();
  const home = new Home(backend);
  const loaded = home.load();
  take(offline).answer({ songs: [song("a")] });
  take(fresh).refuse(new Error("away"));
  await loaded;
  expect(shown(home)).toEqual(["a"]);
  expect(home.error?.message).toBe("away");
});

test("a language has a shelf from four songs on, the fullest first, and none where it is the only one", () => {
  const songs = [
    ...["t1", "t2", "t3", "t4"].map((id) => song(id, "ta")),
    ...["h1", "h2", "h3", "h4", "h5"].map((id) => song(id, "hi")),
    ...["p1", "p2", "p3"].map((id) => song(id, "pa")),
    song("x", null),
  ];
  expect(byLanguage(songs).map(({ language, songs }) => [language, songs.length])).toEqual([
    ["hi", 5],
    ["ta", 4],
  ]);
  expect(byLanguage(songs.slice(0, 4))).toEqual([]);
});
