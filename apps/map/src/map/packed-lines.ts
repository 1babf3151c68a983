/** Steps of a degree: each is less than outlines at 1:110 million are off. */
const STEPS = 20;

/** Of each digit the lowest bits are the number's, and the highest says whether another follows. */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BITS = 5;
const MORE = 1 << BITS;

/** A line as text: the way from each point to the next, in steps, as digits. */
export function packLine(line: readonly (readonly number[])[]): string {
  let text = "";
  let [x, y] = [0, 0];
  for (const [i, [lng = 0, lat = 0]] of line.entries()) {
    const [nextX, nextY] = [Math.round(lng * STEPS), Math.round(lat * STEPS)];
    if (i > 0 && nextX === x && nextY === y) continue;
    text += digitsOf(nextX - x) + digitsOf(nextY - y);
    [x, y] = [nextX, nextY];
  }
  return text;
}

/** A line from text, as longitudes and latitudes. */
export function unpackLine(text: string): [lng: number, lat: number][] {
  const line: [number, number][] = [];
  let [x, y, at] = [0, 0, 0];
  const next = (): number => {
    let [number, shift, digit] = [0, 0, MORE];
    while (digit >= MORE) {
      digit = DIGITS.indexOf(text.charAt(at++));
      number |= (digit & (MORE - 1)) << shift;
      shift += BITS;
    }
    return number & 1 ? -(number + 1) / 2 : number / 2;
  };
  while (at < text.length) {
    x += next();
    y += next();
    line.push([x / STEPS, y / STEPS]);
  }
  return line;
}

/** A number's sign is its lowest bit. */
function digitsOf(number: number): string {
  let rest = number < 0 ? -2 * number - 1 : 2 * number;
  let text = "";
  while (rest >= MORE) {
    text += DIGITS.charAt(MORE | (rest & (MORE - 1)));
    rest >>= BITS;
  }
  return text + DIGITS.charAt(rest);
}
