// The player's state against a double of the backend, with a clock that the test turns.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Double, later, nowPlaying, song } from "./double";
import { Playback } from "./playback.svelte";

let backend: Double;
let playback: Playback;
let hidden = false;

function see(visible: boolean) {
  hidden = !visible;
  document.dispatchEvent(new Event("visibilitychange"));
}

function play(at_s = 0) {
  const item = { item: 1, song: song("a") };
  playback.read(nowPlaying({ status: "playing", item, queue_len: 1, at_s, duration_s: 200 }));
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "requestAnimationFrame"] });
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
  hidden = false;
  backend = new Double();
  playback = new Playback(backend);
});

afterEach(() => {
  playback.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("the position", () => {
  test("runs on by the clock between two events, and is corrected by the next", () => {
    play(10);
    vi.advanceTimersByTime(1500);
    expect(playback.at).toBeGreaterThan(11.3);
    expect(playback.at).toBeLessThanOrEqual(11.5);
    playback.apply({ event: "playback", playback: "position", song_id: "a", at_s: 11, duration_s: 200 });
    expect(playback.at).toBe(11);
  });

  test("stands while paused, and goes on from there", () => {
    play(10);
    vi.advanceTimersByTime(1000);
    playback.apply({ event: "playback", playback: "paused", song_id: "a" });
    const at = playback.at;
    vi.advanceTimersByTime(60_000);
    expect(playback.at).toBe(at);
    playback.apply({ event: "playback", playback: "playing", song_id: "a" });
    vi.advanceTimersByTime(1000);
    expect(playback.at).toBeGreaterThan(at + 0.8);
    expect(playback.at).toBeLessThan(at + 1.1);
  });

  test("asks for no time of the machine while paused or unseen", () => {
    play();
    expect(vi.getTimerCount()).toBe(1);
    see(false);
    expect(vi.getTimerCount()).toBe(0);
    see(true);
    expect(vi.getTimerCount()).toBe(1);
    playback.apply({ event: "playback", playback: "paused", song_id: "a" });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is right at once when the screen is seen again", () => {
    play(10);
    see(false);
    vi.advanceTimersByTime(30_000);
    see(true);
    expect(playback.at).toBeCloseTo(40, 1);
  });

  test("does not run past the end", () => {
    play(199);
    vi.advanceTimersByTime(5000);
    expect(playback.at).toBe(200);
  });

  test("of another song is not believed", () => {
    play(10);
    playback.apply({ event: "playback", playback: "position", song_id: "b", at_s: 99, duration_s: 200 });
    expect(playback.at).toBeLessThan(11);
  });

  test("jumps at once when it is sought, and an older one that comes late does not pull it back", async () => {
    play(10);
    const answer = later<never>();
    backend.answers.seek = () => answer.promise;
    const sought = playback.seek(120);
    expect(playback.at).toBe(120);
    playback.apply({ event: "playback", playback: "position", song_id: "a", at_s: 10.25, duration_s: 200 });
    expect(playback.at).toBe(120);
    answer.resolve({} as never);
    await sought;
    playback.apply({ event: "playback", playback: "position", song_id: "a", at_s: 120.5, duration_s: 200 });
    expect(playback.at).toBe(120.5);
    expect(backend.of("seek")).toEqual([{ command: "seek", to_s: 120 }]);
  });

  test("is sought within the song", async () => {
    play();
    await playback.seek(999);
    await playback.seek(-5);
    expect(backend.of("seek").map(({ to_s }) => to_s)).toEqual([200, 0]);
  });
});

test("another song begins at nought, the same song in another rendition where it was", () => {
  play(50);
  playback.apply({ event: "playback", playback: "rendition_changed", rendition: "instrumental" });
  expect([playback.rendition, Math.floor(playback.at)]).toEqual(["instrumental", 50]);
  playback.apply({ event: "playback", playback: "loading", song: song("b", 90), index: 1, queue_len: 2 });
  expect([playback.song?.id, playback.at, playback.duration, playback.status]).toEqual(["b", 0, 90, "loading"]);
});

test("a song that follows without a gap begins at nought, also when it is the same once more", () => {
  const started = {
    event: "playback",
    playback: "started",
    queue_len: 3,
    rendition: "original",
    format: "FLAC",
  } as const;
  play(199);
  playback.apply({ ...started, song: song("a"), index: 1, duration_s: 200 });
  expect(playback.at).toBe(0);
  vi.advanceTimersByTime(3000);
  playback.apply({ ...started, song: song("b"), index: 2, duration_s: 200 });
  expect(playback.at).toBe(0);
});

test("what was paused in another run is loaded from where it was left", () => {
  const item = { item: 4, song: song("a") };
  playback.read(nowPlaying({ status: "paused", item, index: 5, queue_len: 9, at_s: 61 }));
  playback.apply({ event: "queue_changed", index: 6, queue_len: 10 });
  playback.apply({ event: "playback", playback: "loading", song: song("a"), index: 6, queue_len: 10 });
  expect([playback.at, playback.status]).toEqual([61, "loading"]);
});

describe("when a song is over", () => {
  const over = { song_id: "a", seconds: 200, first_sample_ms: 1, format: null, error: null };
  const finished = { event: "playback", playback: "finished", ...over } as const;

  test("and another begins, nobody is asked", async () => {
    play(199);
    playback.apply(finished);
    playback.apply({ event: "playback", playback: "loading", song: song("b"), index: 1, queue_len: 2 });
    await vi.advanceTimersByTimeAsync(2000);
    expect([playback.song?.id, playback.status]).toEqual(["b", "loading"]);
    expect(backend.of("now_playing")).toEqual([]);
  });

  test("and nothing begins, what is on is read", async () => {
    play(199);
    backend.answers.now_playing = () => nowPlaying({ item: { item: 1, song: song("a") }, queue_len: 1 });
    playback.apply(finished);
    await vi.advanceTimersByTimeAsync(2000);
    expect([playback.song?.id, playback.status, playback.at]).toEqual(["a", "stopped", 0]);
  });

  test("the queue's end leaves nothing on", () => {
    play(199);
    playback.apply({ event: "playback", playback: "queue_ended" });
    expect([playback.song, playback.status, playback.at]).toEqual([null, "stopped", 0]);
  });
});

test("what is taken from the queue while it is at rest is no longer on", async () => {
  play(10);
  playback.apply({ event: "queue_changed", index: 0, queue_len: 2 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(backend.of("now_playing")).toEqual([]);
  playback.apply({ event: "playback", playback: "paused", song_id: "a" });
  backend.answers.now_playing = () => nowPlaying();
  playback.apply({ event: "queue_changed", index: 0, queue_len: 0 });
  await vi.advanceTimersByTimeAsync(2000);
  expect([playback.song, playback.status]).toEqual([null, "stopped"]);
});

test("the volume is seen at once, and of many values the last is sent when the first has arrived", async () => {
  const answer = later<never>();
  backend.answers.set_volume = () => answer.promise;
  for (const volume of [0.9, 0.8, 0.7, 0.4]) playback.setVolume(volume);
  expect(playback.volume).toBe(0.4);
  expect(backend.of("set_volume")).toHaveLength(1);
  answer.resolve({} as never);
  await vi.waitFor(() => expect(backend.of("set_volume").map(({ volume }) => volume)).toEqual([0.9, 0.4]));
});

test("a volume that could not be set stops none after it", async () => {
  backend.answers.set_volume = () => Promise.reject(new Error("no"));
  playback.setVolume(0.5);
  await vi.waitFor(() => expect(backend.of("set_volume")).toHaveLength(1));
  playback.setVolume(0.6);
  await vi.waitFor(() => expect(backend.of("set_volume")).toHaveLength(2));
});

test("a lost output pauses, and is said until sound comes again", () => {
  play(5);
  playback.apply({ event: "playback", playback: "device_lost", message: "gone" });
  expect([playback.status, playback.deviceLost]).toEqual(["paused", true]);
  playback.apply({ event: "playback", playback: "playing", song_id: "a" });
  expect([playback.status, playback.deviceLost]).toEqual(["playing", false]);
});
