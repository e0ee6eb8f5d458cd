// The mock's downloads: some on their way, one that failed, the rest here.
import type { DownloadRow, ErrorReport } from "../src/lib/generated/types";
import { songs } from "./catalogue";

const TAKEN_DOWN: ErrorReport = {
  code: "NO_AUDIO",
  key: "no_audio",
  params: { title: songs[9]?.title ?? "" },
  message: "In English.",
  request_id: "req-mock-2",
  retryable: false,
};

export function downloads(): DownloadRow[] {
  const row = (i: number, state: DownloadRow["state"], share: number): DownloadRow => {
    const { id, title, artist } = songs[i] ?? { id: "", title: null, artist: null };
    const total = 5_200_000 + ((i * 731_337) % 6_000_000);
    return { song_id: id, rendition: "original", state, bytes: Math.round(total * share), total, title, artist };
  };
  return [
    row(1, "running", 0.62),
    row(2, "running", 0.31),
    row(3, "paused", 0.12),
    row(4, "queued", 0),
    { ...row(9, "failed", 0), error: TAKEN_DOWN },
    ...[0, 5, 10, 15, 20, 25, 30].map((i) => row(i, "done", 1)),
    { ...row(11, "done", 1), rendition: "instrumental" },
  ];
}
