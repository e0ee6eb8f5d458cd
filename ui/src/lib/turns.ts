// Covers by turns. A browser has six connections to one host for all there is: covers of a slow service must not keep what a
// listener asks for waiting.

/** So many covers are on their way at once. */
const AT_ONCE = 3;

let under = 0;
const waiting: (() => void)[] = [];

/** Runs `begin` when it is its turn. What comes back ends the turn, begun or not; once is enough. */
export function takeTurn(begin: () => void): () => void {
  let end = () => {
    const place = waiting.indexOf(start);
    if (place >= 0) waiting.splice(place, 1);
  };
  function start() {
    under += 1;
    end = () => {
      under -= 1;
      end = () => {};
      waiting.shift()?.();
    };
    begin();
  }
  if (under < AT_ONCE) start();
  else waiting.push(start);
  return () => end();
}
