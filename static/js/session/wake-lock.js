/** Keeps the screen on where the browser can. Browsers let go when the page is hidden, so it is asked for again. */

export class ScreenLock {
  async hold() {
    this.wanted = true;
    if (!navigator.wakeLock || document.hidden) return;
    try {
      this.lock = await navigator.wakeLock.request("screen");
    } catch {
      // Refused on low battery or by policy: the check works all the same, the screen may only dim.
      this.lock = null;
    }
    if (!this.wanted) this.release();
  }

  release() {
    this.wanted = false;
    this.lock?.release();
    this.lock = null;
  }
}
