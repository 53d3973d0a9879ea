/** What the page owes people who do not see it, or do not want it to move. */

const SETTLE_MS = 900;
const REPEAT_MS = 6000;

/**
 * Speaks through two live regions. Instructions are said at once; hints change several times a second while
 * somebody moves, so one is only said when it has stayed for a moment, and not again and again.
 */
export class Announcer {
  constructor({ polite, assertive }) {
    this.polite = polite;
    this.assertive = assertive;
    this.lastSaid = new Map();
  }

  instruct(text) {
    if (!text || text === this.instruction) return;
    this.instruction = text;
    this.hint(null);
    this.lastSaid.clear();
    this.polite.textContent = text;
  }

  hint(text) {
    if (text === this.pending) return;
    this.pending = text;
    clearTimeout(this.timer);
    if (!text) return;
    this.timer = setTimeout(() => {
      const now = performance.now();
      if (now - (this.lastSaid.get(text) ?? -Infinity) < REPEAT_MS) return;
      this.lastSaid.set(text, now);
      this.polite.textContent = text;
    }, SETTLE_MS);
  }

  interrupt(text) {
    clearTimeout(this.timer);
    this.polite.textContent = "";
    this.instruction = null;
    this.assertive.textContent = text;
  }

  clear() {
    clearTimeout(this.timer);
    this.instruction = this.pending = null;
    this.polite.textContent = this.assertive.textContent = "";
  }
}

/** Move the focus to a view's heading, so that keyboard and screen reader go on from there. */
export function focusHeading(view) {
  view.querySelector("[tabindex='-1']")?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

export function prefersLessMotion() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** A short touch on the phone when a step is done: somebody with the head turned away does not see the page. */
export function tap() {
  if (!prefersLessMotion()) navigator.vibrate?.(35);
}
