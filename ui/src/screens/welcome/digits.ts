// Digits as they are typed in India's scripts, read as ASCII ones.

/** The code point of nought in each script whose digits a keyboard may type. */
const NOUGHTS = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xff10];

export function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const point = digit.codePointAt(0) ?? 0;
    const nought = NOUGHTS.find((n) => point >= n && point < n + 10);
    return nought === undefined ? digit : String(point - nought);
  });
}
