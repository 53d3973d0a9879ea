/** The page as a lamp: one colour over the whole background, everything but the picture and its caption put away. */

export class FlashOverlay {
  constructor(root = document.documentElement) {
    this.root = root;
    this.themeColor = document.querySelector('meta[name="theme-color"]');
  }

  /** Fill the page with "#rrggbb"; null gives the page back. Must not wait: it runs inside an animation frame. */
  show(color) {
    if (color === null) {
      delete this.root.dataset.lit;
      this.root.style.removeProperty("--light");
      if (this.themeColor) this.themeColor.content = this.restored ?? this.themeColor.content;
      this.restored = null;
      return;
    }
    this.root.dataset.lit = "";
    this.root.style.setProperty("--light", color);
    // On a phone the browser's own bar is part of the lamp too.
    if (this.themeColor) {
      this.restored ??= this.themeColor.content;
      this.themeColor.content = color;
    }
  }
}
