// Times and counts as a listener reads them, in the screen's language.
import { language } from "./language.svelte";
import { m } from "./paraglide/messages.js";

/** Seconds as `3:05` or `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const s = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${s}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${s}`;
}

/** How long a list of songs is, in whole minutes: `48 min`, `2 h 5 min`. */
export function length(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return m.length_minutes({ minutes });
  return m.length_hours({ hours: count(Math.floor(minutes / 60)), minutes: minutes % 60 });
}

/** How long to wait, in one unit, rounded up: `40 seconds`, `2 minutes`. */
export function wait(seconds: number): string {
  if (seconds < 60) return m.wait_seconds({ count: Math.max(1, Math.ceil(seconds)) });
  if (seconds < 3600) return m.wait_minutes({ count: Math.ceil(seconds / 60) });
  return m.wait_hours({ count: Math.ceil(seconds / 3600) });
}

export function count(n: number): string {
  return new Intl.NumberFormat(language()).format(n);
}

/** Things as one says them in a row: `A, B and C`. */
export function list(things: readonly string[]): string {
  return new Intl.ListFormat(language(), { type: "conjunction" }).format(things);
}

/** A moment of today as its time, any other with its date. */
export function moment(timestamp: string): string {
  const at = new Date(timestamp);
  const today = at.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(
    language(),
    today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
  ).format(at);
}

export function date(timestamp: string): string {
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium" }).format(new Date(timestamp));
}

/** A day as one speaks of it: `Today`, `Yesterday`, `Wednesday, 18 November`. */
export function day(at: Date, now = new Date()): string {
  const midnight = (moment: Date) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
  const ago = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (ago === 0) return m.day_today();
  if (ago === 1) return m.day_yesterday();
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  return new Intl.DateTimeFormat(language(), { weekday: "long", day: "numeric", month: "long", ...year }).format(at);
}

/** Bytes as megabytes, or gigabytes: `8.2 MB`. */
export function bytes(n: number): string {
  const [unit, by] = n < 1e9 ? (["megabyte", 1e6] as const) : (["gigabyte", 1e9] as const);
  const format = { style: "unit", unit, maximumFractionDigits: n / by < 10 ? 1 : 0 } as const;
  return new Intl.NumberFormat(language(), format).format(n / by);
}

/** The name of a song's language, such as `Hindi`, in the screen's. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(language(), { type: "language" }).of(code) ?? code;
  } catch {
    // The service gave something that is no language code.
    return code;
  }
}
