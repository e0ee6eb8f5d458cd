// The transport of a browser: `melody web` on loopback. The sign-in cookie travels by itself.
import { isReport, lost, Refusal, type Backend, type Fact } from "./backend";

async function send(request: unknown): Promise<never> {
  let response: Response;
  try {
    response = await fetch("/call", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
    });
  } catch (thrown) {
    throw new Refusal(lost(String(thrown)));
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as never;
  const error = typeof body === "object" && body !== null && "error" in body ? body.error : null;
  throw new Refusal(isReport(error) ? error : lost(`HTTP ${response.status}`));
}

export function httpBackend(): Backend {
  return {
    call: (command) => send({ core: command }),
    host: (command) => send({ host: command }),
    subscribe: (listener) =>
      new Promise((resolve) => {
        const source = new EventSource("/events");
        let settled = false;
        const settle = () => {
          settled = true;
          resolve(() => source.close());
        };
        source.onopen = () => {
          // The browser connects again by itself; what happened in between was not heard.
          if (settled) listener({ event: "missed" });
          settle();
        };
        // Nobody there yet: the screen begins without events, and reads all anew when they come.
        source.onerror = settle;
        source.onmessage = ({ data }) => listener(JSON.parse(data) as Fact);
      }),
    coverUrl: (songId, side) => `/cover/${encodeURIComponent(songId)}?side=${side}`,
  };
}
