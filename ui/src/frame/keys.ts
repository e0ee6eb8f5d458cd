// What a key does anywhere on the screen, unless what has the focus needs it itself.

export type Act =
  | "toggle"
  | "seek-back"
  | "seek-on"
  | "louder"
  | "quieter"
  | "next"
  | "previous"
  | "rendition"
  | "save"
  | "queue"
  | "search"
  | "help";

const ACTS: Record<string, Act> = {
  " ": "toggle",
  arrowleft: "seek-back",
  arrowright: "seek-on",
  "ctrl+arrowup": "louder",
  "ctrl+arrowdown": "quieter",
  n: "next",
  p: "previous",
  i: "rendition",
  l: "save",
  q: "queue",
  "/": "search",
  "ctrl+k": "search",
  "?": "help",
};
/** What may go on while the key is held. */
const REPEATS: ReadonlySet<Act> = new Set(["seek-back", "seek-on", "louder", "quieter"]);

const TYPED_IN = "input:not([type=radio], [type=checkbox], [type=range], [type=button]), textarea, [contenteditable]";
const OWN_ARROWS = "input, [role=slider], [role=tablist], [role=listbox]";
const OWN_SPACE = "button, summary, input, [role=button], [role=checkbox], [role=switch]";
const OWN_ALL = "[role=dialog], [role=alertdialog], [role=menu], dialog";

export function actOf(event: KeyboardEvent): Act | null {
  if (event.defaultPrevented || event.isComposing || event.altKey) return null;
  const act = ACTS[nameOf(event)];
  if (!act || (event.repeat && !REPEATS.has(act))) return null;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest(OWN_ALL)) return null;
  const modified = event.ctrlKey || event.metaKey;
  if (target.closest(TYPED_IN) && !(modified && act === "search")) return null;
  if (!modified && event.key.startsWith("Arrow") && target.closest(OWN_ARROWS)) return null;
  if (act === "toggle" && target.closest(OWN_SPACE)) return null;
  return act;
}

/** A key's name: as it is printed, or, on a keyboard of another script, where a Latin one has it. */
function nameOf({ key, code, shiftKey, ctrlKey, metaKey }: KeyboardEvent): string {
  let name = key.toLowerCase();
  if (key.length === 1 && key > "~") {
    const letter = /^Key([A-Z])$/.exec(code)?.[1];
    name = code === "Slash" ? (shiftKey ? "?" : "/") : (letter?.toLowerCase() ?? name);
  }
  return ctrlKey || metaKey ? `ctrl+${name}` : name;
}
