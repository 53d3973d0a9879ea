/** On a recording server nothing is started before the person was asked and agreed; elsewhere nothing changes. */

export class RecordingConsent {
  /** @param view the page's SessionView; `agreed()` is called once the person agrees */
  constructor(view, { agreed }) {
    this.view = view;
    this.section = view.at("consent");
    this.version = null;
    if (!this.section) return;
    view.at("accept").addEventListener("click", () => this.#accept(agreed));
    view.at("agree").addEventListener("change", () => this.#demand(false));
  }

  /** The view that a visit begins with. */
  get home() {
    return this.section && !this.version ? "consent" : "start";
  }

  #accept(agreed) {
    const ticked = this.view.at("agree").checked;
    this.#demand(!ticked);
    if (!ticked) return;
    this.version = this.section.dataset.version;
    agreed();
  }

  #demand(missing) {
    const notice = this.view.at("agree-first");
    notice.hidden = !missing;
    notice.textContent = missing ? this.view.at("accept").dataset.missing : "";
    if (missing) this.view.at("agree").focus();
  }
}
