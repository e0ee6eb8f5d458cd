// The six boxes, mounted in a document.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import OtpBoxes from "./OtpBoxes.svelte";

const complete = vi.fn<(code: string) => void>();
let mounted: ReturnType<typeof mount> & { fill: (code: string) => void; clear: () => void };

const boxes = () => [...document.querySelectorAll("input")];
const shown = () =>
  boxes()
    .map((box) => box.value || "_")
    .join("");
const at = () => boxes().indexOf(document.activeElement as HTMLInputElement);

function type(text: string) {
  for (const digit of text) {
    const box = document.activeElement as HTMLInputElement;
    box.value += digit;
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    flushSync();
  }
}

function press(key: string) {
  document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  flushSync();
}

beforeEach(() => {
  complete.mockClear();
  mounted = mount(OtpBoxes, { target: document.body, props: { oncomplete: complete } }) as typeof mounted;
  flushSync();
  boxes()[0]?.focus();
});
afterEach(() => unmount(mounted));

test("a digit goes on to the next box, the sixth completes", () => {
  type("24681");
  expect([shown(), at()]).toEqual(["24681_", 5]);
  expect(complete).not.toHaveBeenCalled();
  type("0");
  expect(complete.mock.calls).toEqual([["246810"]]);
});

test("a pasted code fills all, wherever it is pasted and however it is written", () => {
  boxes()[3]?.focus();
  const paste = new Event("paste", { bubbles: true, cancelable: true });
  Object.assign(paste, { clipboardData: { getData: () => "Your code: १२३ 456." } });
  document.activeElement?.dispatchEvent(paste);
  flushSync();
  expect(shown()).toBe("123456");
  expect(complete.mock.calls).toEqual([["123456"]]);
});

test("letters are nothing", () => {
  type("a1b2");
  expect([shown(), at()]).toEqual(["12____", 2]);
});

test("Backspace empties the box, then the one before; arrows move", () => {
  type("123");
  press("Backspace");
  expect([shown(), at()]).toEqual(["12____", 2]);
  press("ArrowLeft");
  press("ArrowLeft");
  expect(at()).toBe(0);
  type("9");
  expect([shown(), at()]).toEqual(["92____", 1]);
});

test("an offered code fills in, and is emptied for another try", () => {
  mounted.fill("246810");
  flushSync();
  expect(complete.mock.calls).toEqual([["246810"]]);
  mounted.clear();
  flushSync();
  expect([shown(), at()]).toEqual(["______", 0]);
});
