/** What the session page looks like in each state; knows elements and words, nothing of sockets. */

import { Announcer, focusHeading, tap } from "./accessibility.js";

const DIRECTIONS = { turn_left: "left", turn_right: "right", look_up: "up", look_down: "down" };
const ENCOURAGING = new Set(["keep_going", "hold_still"]);
const OUTCOMES = { passed: "good", needs_review: "wait", failed: "bad" };

export class SessionView {
  constructor(root, texts) {
    this.root = root;
    this.texts = texts;
    this.at = (name) => root.querySelector(`[data-part="${name}"]`);
    this.views = [...root.querySelectorAll("[data-view]")];
    this.announcer = new Announcer({ polite: this.at("polite"), assertive: this.at("assertive") });
    this.doneSteps = 0;
  }

  /** Show one view and move the focus to its heading. */
  show(name) {
    for (const view of this.views) view.hidden = view.dataset.view !== name;
    document.documentElement.dataset.state = name;
    focusHeading(this.views.find((view) => view.dataset.view === name));
  }

  beginLive() {
    this.announcer.clear();
    this.doneSteps = 0;
    delete document.documentElement.dataset.assist;
    this.at("dots").replaceChildren();
    this.#progress(0);
    this.#hint(null);
    this.showConnection("open");
    Object.assign(this.at("stage").dataset, { phase: "framing", direction: "", tone: "idle" });
    delete this.at("cue").dataset.cue;
    this.show("live");
    this.instruct("allow_camera");
  }

  showDots(total) {
    if (this.at("dots").children.length === total) return;
    this.at("dots").replaceChildren(...Array.from({ length: total }, () => document.createElement("li")));
  }

  /** One `step` message of the server. */
  showStep(message) {
    const { phase, step } = message;
    const { instruction, hint } = this.#wording(message);
    const stage = this.at("stage");
    stage.dataset.phase = phase;
    stage.dataset.direction = phase === "challenge" ? (DIRECTIONS[instruction] ?? "") : "";
    stage.dataset.tone = this.#tone({ ...message, instruction, hint });
    this.instruct(instruction);
    this.#hint(hint);
    this.#progress(message.progress);
    if (step) this.#steps(step.index, step.total);
    else if (phase === "finishing") this.#steps(this.at("dots").children.length);
    // Stays on once it was needed: switching it back would make the picture dark again.
    if (hint === "too_dark" && phase === "framing") document.documentElement.dataset.assist = "";
  }

  instruct(code) {
    const text = this.texts.instructions[code] ?? this.texts.instructions.hold_still;
    const cue = this.at("cue");
    if (cue.dataset.cue === code) return;
    cue.dataset.cue = code;
    this.at("instruction").textContent = text;
    this.announcer.instruct(text);
  }

  /** "open" takes the notice away; the others say why nothing happens. */
  showConnection(state) {
    const text = this.texts.connection[state] ?? "";
    this.at("notice").textContent = text;
    this.at("notice").hidden = !text;
    this.at("stage").dataset.stalled = text ? "true" : "false";
    if (text && state !== "connecting") this.announcer.hint(text);
  }

  showEnd({ verdict, reasons, retryAllowed }) {
    const words = this.texts.ends[verdict] ?? this.texts.ends.failed;
    this.#outcome({
      tone: OUTCOMES[verdict] ?? "bad",
      title: words.title,
      text: retryAllowed ? words.text_retry : words.text,
      listTitle: this.texts.labels.reasons,
      list: verdict === "failed" ? this.#reasons(reasons) : [],
      retry: retryAllowed ? this.texts.labels.try_again : null,
    });
  }

  showProblem(code) {
    const words = this.texts.problems[code] ?? this.texts.problems.internal_error;
    this.#outcome({
      tone: words.tone,
      title: words.title,
      text: words.text,
      listTitle: this.texts.labels.what_to_do,
      list: words.steps.map((step) => ({ what: step })),
      retry: words.retry ? this.texts.labels.try_again : null,
    });
  }

  #outcome({ tone, title, text, listTitle, list, retry }) {
    const view = this.views.find((one) => one.dataset.view === "end");
    view.dataset.tone = tone;
    this.at("end-title").textContent = title;
    this.at("end-text").textContent = text;
    this.at("end-list-title").textContent = listTitle;
    this.at("end-list").replaceChildren(...list.map((entry) => this.#entry(entry)));
    this.at("end-details").hidden = list.length === 0;
    this.at("retry").hidden = !retry;
    this.at("retry").textContent = retry ?? "";
    this.show("end");
    this.announcer.interrupt([title, text].join(" "));
  }

  #entry({ what, tip }) {
    const item = document.createElement("li");
    item.append(what);
    if (tip) {
      const advice = document.createElement("span");
      advice.textContent = tip;
      item.append(" ", advice);
    }
    return item;
  }

  #reasons(codes) {
    const known = codes.map((code) => this.texts.reasons[code] ?? this.texts.reasons.other);
    const seen = new Set();
    return known.filter((reason) => !seen.has(reason.what) && seen.add(reason.what));
  }

  #hint(code) {
    const text = code ? (this.texts.hints[code] ?? "") : "";
    const element = this.at("hint");
    element.textContent = text;
    element.dataset.kind = ENCOURAGING.has(code) ? "good" : "fix";
    this.announcer.hint(text);
  }

  /** In a challenge, "look straight" means that the movement was seen: its arrow goes, the way back is shown. */
  #wording({ phase, instruction, hint }) {
    const seen = phase === "challenge" && hint === "look_straight";
    return seen ? { instruction: "look_back", hint: null } : { instruction, hint };
  }

  #tone({ phase, instruction, hint, face }) {
    if (instruction === "processing") return "busy";
    if (hint && !ENCOURAGING.has(hint)) return "fix";
    return face || phase === "challenge" ? "good" : "idle";
  }

  #progress(share) {
    this.at("ring").setAttribute("stroke-dashoffset", String(1 - Math.min(1, Math.max(0, share))));
  }

  #steps(index, total = this.at("dots").children.length) {
    this.showDots(total);
    [...this.at("dots").children].forEach((dot, at) => {
      dot.dataset.state = at < index ? "done" : at === index ? "now" : "next";
    });
    this.at("dots-text").textContent = this.texts.labels.step_of
      .replace("{index}", Math.min(index + 1, total))
      .replace("{total}", total);
    if (index > this.doneSteps) tap();
    this.doneSteps = index;
  }
}
