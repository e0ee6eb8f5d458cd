import { afterEach, expect, test } from "vitest";
import { actOf, type Act } from "./keys";

afterEach(() => (document.body.innerHTML = ""));

/** What pressing a key does while the focus is on the first element of some markup. */
function press(init: KeyboardEventInit, markup = "<main></main>", on = "body > :first-child"): Act | null {
  document.body.innerHTML = markup;
  let act: Act | null = null;
  const hear = (event: KeyboardEvent) => (act = actOf(event));
  addEventListener("keydown", hear);
  document.querySelector(on)?.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init }));
  removeEventListener("keydown", hear);
  return act;
}

test.each<[KeyboardEventInit, Act]>([
  [{ key: " " }, "toggle"],
  [{ key: "ArrowRight" }, "seek-on"],
  [{ key: "ArrowUp", ctrlKey: true }, "louder"],
  [{ key: "n" }, "next"],
  [{ key: "N", shiftKey: true }, "next"],
  [{ key: "/" }, "search"],
  [{ key: "k", ctrlKey: true }, "search"],
  [{ key: "k", metaKey: true }, "search"],
  [{ key: "?", shiftKey: true }, "help"],
])("%o does %s", (init, act) => expect(press(init)).toBe(act));

test("a Devanagari keyboard has the keys where a Latin one has them", () => {
  expect(press({ key: "ल", code: "KeyN" })).toBe("next");
  expect(press({ key: "य", code: "Slash" })).toBe("search");
  expect(press({ key: "य़", code: "Slash", shiftKey: true })).toBeNull();
  expect(press({ key: "ॅ", code: "Slash", shiftKey: true })).toBe("help");
});

test("what is typed is typed; only Ctrl+K leaves a field", () => {
  for (const key of ["n", " ", "/", "?", "ArrowLeft"]) expect(press({ key }, "<input>"), key).toBeNull();
  expect(press({ key: "q" }, "<textarea></textarea>")).toBeNull();
  expect(press({ key: "k", ctrlKey: true }, "<input type=search>")).toBe("search");
});

test("a button keeps its Space, a slider and a radio their arrows", () => {
  expect(press({ key: " " }, "<button></button>")).toBeNull();
  expect(press({ key: "n" }, "<button></button>")).toBe("next");
  expect(press({ key: "ArrowRight" }, "<input type=range>")).toBeNull();
  expect(press({ key: "ArrowRight" }, "<input type=radio>")).toBeNull();
  expect(press({ key: "n" }, "<input type=range>")).toBe("next");
});

test("a dialog and a menu are alone with their keys", () => {
  expect(press({ key: "n" }, "<div role=menu><i></i></div>", "i")).toBeNull();
  expect(press({ key: "k", ctrlKey: true }, "<dialog><i></i></dialog>", "i")).toBeNull();
});

test("what was handled is not handled again, and a held key does not skip song after song", () => {
  document.body.innerHTML = "<main></main>";
  document.body.firstElementChild?.addEventListener("keydown", (e) => e.preventDefault());
  const event = new KeyboardEvent("keydown", { key: "n", bubbles: true, cancelable: true });
  document.body.firstElementChild?.dispatchEvent(event);
  expect(actOf(event)).toBeNull();
  expect(press({ key: "n", repeat: true })).toBeNull();
  expect(press({ key: "ArrowRight", repeat: true })).toBe("seek-on");
  expect(press({ key: "n", ctrlKey: true })).toBeNull();
  expect(press({ key: "n", altKey: true })).toBeNull();
});
