// Findings of a comparison: which of them one wants to see, and the lines of a body that they are about.
import type { Finding } from "./generated/types";

export const SEVERITIES = ["breaking", "degrading", "cosmetic"] as const;

export interface Filter {
  severity: Finding["severity"] | "all";
  /** A call; empty for each of them. */
  call: string;
  text: string;
}

export function filtered(findings: readonly Finding[], { severity, call, text }: Filter): readonly Finding[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return findings.filter((finding) => {
    if (severity !== "all" && finding.severity !== severity) return false;
    if (call && finding.call !== call) return false;
    const all = [finding.path, finding.call, finding.case, finding.kind, finding.why, finding.blue, finding.green]
      .map((part) => (typeof part === "string" ? part : JSON.stringify(part)))
      .join(" ")
      .toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** The calls that have findings, in the order of the alphabet. */
export function callsOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ call }) => call))].sort();
}

/** A value as it stands in JSON; a text without its quotes. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Where in the answer it is: the path, or the body as a whole. */
export function placeOf({ path }: Pick<Finding, "path">): string {
  return path === "" ? "/" : path;
}

export interface Line {
  text: string;
  /** The finding is about it. */
  marked: boolean;
}

/** The lines of a body, those of the field that a path ends in marked, in whichever case it is written. */
export function lines(body: string, path: string): Line[] {
  const plain = (text: string) => text.toLowerCase().replaceAll("_", "");
  const name = path
    .split("/")
    .filter((part) => part && !/^\d+$/.test(part))
    .at(-1);
  const begin = name && path.startsWith("/") ? `"${plain(name)}":` : null;
  return body
    .split("\n")
    .map((text) => ({ text, marked: begin !== null && plain(text).trimStart().startsWith(begin) }));
}
