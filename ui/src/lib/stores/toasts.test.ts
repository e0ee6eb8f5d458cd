// Toasts, with a clock that the test turns.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ACTION_MS, PLAIN_MS, Toasts } from "./toasts.svelte";

let toasts: Toasts;

beforeEach(() => {
  vi.useFakeTimers();
  toasts = new Toasts();
});
afterEach(() => vi.useRealTimers());

const undo = (run = () => {}) => ({ text: "Removed.", action: { label: "Undo", run } });

test("one at a time: a newer takes the place, and has its whole time", () => {
  toasts.show({ text: "one" });
  vi.advanceTimersByTime(PLAIN_MS - 1);
  toasts.show({ text: "two" });
  vi.advanceTimersByTime(PLAIN_MS - 1);
  expect(toasts.current?.text).toBe("two");
  vi.advanceTimersByTime(1);
  expect(toasts.current).toBeNull();
});

test("six seconds when something can be done about it", () => {
  toasts.show(undo());
  vi.advanceTimersByTime(ACTION_MS - 1);
  expect(toasts.current).not.toBeNull();
  vi.advanceTimersByTime(1);
  expect(toasts.current).toBeNull();
});

test("what it offers is done once, and it goes", () => {
  const run = vi.fn();
  toasts.show(undo(run));
  toasts.use();
  toasts.use();
  expect(run).toHaveBeenCalledTimes(1);
  expect(toasts.current).toBeNull();
});

test("its time stands still while it is pointed at", () => {
  toasts.show(undo());
  vi.advanceTimersByTime(ACTION_MS - 2000);
  toasts.hold();
  vi.advanceTimersByTime(60_000);
  expect(toasts.current).not.toBeNull();
  toasts.release();
  vi.advanceTimersByTime(1999);
  expect(toasts.current).not.toBeNull();
  vi.advanceTimersByTime(1);
  expect(toasts.current).toBeNull();
});

test("a sticky one comes back after one that passes, and stays until it is closed or withdrawn", () => {
  const sms = { text: "SMS", sticky: true };
  toasts.show(sms);
  toasts.show({ text: "passing" });
  expect(toasts.current?.text).toBe("passing");
  vi.advanceTimersByTime(60_000);
  expect(toasts.current).toBe(sms);
  toasts.withdraw({ text: "SMS", sticky: true });
  expect(toasts.current).toBe(sms);
  toasts.withdraw(sms);
  expect(toasts.current).toBeNull();
});
