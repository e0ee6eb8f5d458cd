// The transport of the desktop window: Tauri's one command and one event channel.
import { convertFileSrc, invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { isReport, lost, Refusal, type Backend, type Fact } from "./backend";

async function send(request: unknown): Promise<never> {
  try {
    return await invoke("call", { request });
  } catch (thrown) {
    throw new Refusal(isReport(thrown) ? thrown : lost(String(thrown)));
  }
}

export function windowBackend(): Backend {
  return {
    call: (command) => send({ core: command }),
    host: (command) => send({ host: command }),
    subscribe: (listener) => listen<Fact>("event", ({ payload }) => listener(payload)),
    // Knows that custom schemes are spelled http://cover.localhost/ on Windows.
    coverUrl: (songId, side) => `${convertFileSrc(songId, "cover")}?side=${side}`,
  };
}
