/**
 * The screen light: commanded colours, one after the other, each reported at the animation frame that shows it.
 *
 * Two limits hold whatever the server asks for (WCAG 2.3.1): fewer than three changes in any second, and no
 * saturated red.
 */

const SHORTEST_SECONDS = 0.35;
const HIGHEST_SATURATION = 0.75;
const FRAME_SLACK_MS = 4;

/** "#rrggbb" with its saturation (as in HSV) lowered to what is safe; hue and brightness stay. */
export function softenColor(hex) {
  const channels = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const highest = Math.max(...channels);
  const lowest = Math.min(...channels);
  if (highest === 0 || (highest - lowest) / highest <= HIGHEST_SATURATION) return hex.toLowerCase();
  const floor = highest * (1 - HIGHEST_SATURATION);
  const rescale = (value) => floor + ((value - lowest) * (highest - floor)) / (highest - lowest);
  return "#" + channels.map((value) => Math.round(rescale(value)).toString(16).padStart(2, "0")).join("");
}

/**
 * Show `colors` in order, `seconds` each, then null.
 *
 * @param show   called inside the animation frame: `show("#rrggbb")`, at the end `show(null)`
 * @param report called with (index, animation frame time in ms) after each colour is set
 * @returns a function that ends the light early
 */
export function runLight({ colors, seconds, show, report }) {
  const dwellMs = Math.max(seconds, SHORTEST_SECONDS) * 1000;
  let index = -1;
  let shownAt = -Infinity;
  let handle = requestAnimationFrame(function frame(now) {
    // Measured from when the last colour really appeared: after a stall the next one still gets its full time.
    if (now - shownAt >= dwellMs - FRAME_SLACK_MS) {
      index += 1;
      shownAt = now;
      if (index === colors.length) {
        show(null);
        return;
      }
      show(softenColor(colors[index]));
      report(index, now);
    }
    handle = requestAnimationFrame(frame);
  });
  return () => {
    cancelAnimationFrame(handle);
    if (index < colors.length) show(null);
  };
}
