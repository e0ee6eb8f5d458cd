// The demo's songs for the mock, read from the recipe of the real demo.
import recipe from "../../assets/catalogue.toml?raw";
import type { FullSong } from "../src/lib/generated/types";

function field(block: string, name: string): string | undefined {
  const text = new RegExp(`^${name} = (?:"(.*)"|(.*))$`, "m").exec(block);
  return (text?.[1] ?? text?.[2])?.replace(/\\u([0-9A-Fa-f]{4})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

const minutes = (seconds: string | undefined) => (Number(seconds ?? 45) * 5) % 400;

export const songs: FullSong[] = recipe
  .split("[[song]]")
  .slice(1)
  .map((block, i) => ({
    id: `01900000-0000-7000-8000-${String(i).padStart(12, "0")}`,
    server_id: null,
    title: field(block, "title") ?? "",
    artist: field(block, "artist") ?? "",
    album: field(block, "album") ?? null,
    language: field(block, "language") ?? null,
    duration_s: minutes(field(block, "duration_s")),
    genre: [...(field(block, "genre") ?? "").matchAll(/"(.*?)"/g)].map((m) => m[1] ?? ""),
    release_year: Number(field(block, "release_year")) || null,
    popularity: Number(field(block, "popularity") ?? 0),
    explicit: field(block, "explicit") === "true",
    thumbnail_url: i % 7 === 3 ? null : `/covers/${i}.png`,
    external_ids: {},
    audio_files: {
      original: { url: `/audio/${i}` },
      ...(field(block, "has_instrumental") === "true" ? { instrumental: { url: `/audio/${i}/i` } } : {}),
    },
    in_library: i % 3 === 0,
    downloaded: i % 5 === 0,
    lyrics: /lyrics = """\n([\s\S]*?)"""/.exec(block)?.[1] ?? null,
    metadata: { bpm: 90 + i, key: "D minor", energy: 0.5, danceability: 0.6 },
  }));

/** A picture of two shapes, as a stand-in for a cover. */
export function cover(id: string): string {
  const n = Number(id.split("#")[0]?.slice(-12));
  const hue = (n * 47) % 360;
  const [x, y, r] = [(n * 31) % 100, (n * 17) % 100, 30 + ((n * 13) % 30)];
  return `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" fill="hsl(${hue} 34% 38%)"/><circle cx="${x}" cy="${y}" r="${r}" fill="hsl(${(hue + 40) % 360} 52% 62%)"/><rect x="${y}" y="${100 - r}" width="60" height="60" fill="hsl(${(hue + 200) % 360} 30% 24%)"/></svg>`,
  )}`;
}
