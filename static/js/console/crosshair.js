/* One moment of an attempt in every plot at once: with the pointer, or with a slider for the keyboard.

   The table of values is the only source: what the pointer shows is what the table says. Without this module
   nothing is missing but the convenience. */

const SVG = "http://www.w3.org/2000/svg";

class Crosshair {
  constructor(timeline) {
    this.timeline = timeline;
    this.seconds = Number(timeline.dataset.seconds);
    this.rows = [...timeline.querySelectorAll("tr[data-at]")];
    this.times = this.rows.map((row) => Number(row.dataset.at));
    this.headings = [...timeline.querySelectorAll("thead th[data-series]")];
    this.tracks = [...timeline.querySelectorAll(".track")].map((track) => this.prepare(track));
    if (!this.rows.length) return;
    this.slider = this.addSlider();
    for (const { plot } of this.tracks.filter(({ plot }) => plot)) {
      plot.addEventListener("pointermove", (event) => this.follow(event, plot));
      plot.addEventListener("pointerdown", (event) => this.follow(event, plot));
    }
  }

  prepare(track) {
    const plot = track.querySelector("svg.plot");
    const columns = (track.dataset.series ?? "").split(" ").filter(Boolean);
    const line = plot ? document.createElementNS(SVG, "line") : null;
    if (line) {
      line.setAttribute("class", "here");
      line.setAttribute("y1", "0");
      line.setAttribute("y2", plot.getAttribute("height"));
      line.setAttribute("visibility", "hidden");
      plot.append(line);
    }
    const places = columns.map((name) => this.headings.findIndex((heading) => heading.dataset.series === name));
    return { plot, line, readout: track.querySelector(".readout"), places: places.filter((place) => place >= 0) };
  }

  addSlider() {
    const template = this.timeline.querySelector("template");
    const row = template.content.firstElementChild.cloneNode(true);
    this.timeline.insertBefore(row, this.timeline.querySelector(".commanded").nextSibling);
    const slider = row.querySelector("input");
    this.shown = row.querySelector("output");
    slider.max = String(this.rows.length - 1);
    slider.addEventListener("input", () => this.show(Number(slider.value)));
    return slider;
  }

  follow(event, plot) {
    const box = plot.getBoundingClientRect();
    const second = ((event.clientX - box.left) / box.width) * this.seconds;
    const index = this.nearest(second);
    this.slider.value = String(index);
    this.show(index);
  }

  nearest(second) {
    let best = 0;
    this.times.forEach((at, index) => {
      if (Math.abs(at - second) < Math.abs(this.times[best] - second)) best = index;
    });
    return best;
  }

  show(index) {
    const row = this.rows[index];
    const cells = row.querySelectorAll("td");
    const place = `${(100 * this.times[index]) / this.seconds}%`;
    for (const track of this.tracks) {
      track.line?.setAttribute("x1", place);
      track.line?.setAttribute("x2", place);
      track.line?.setAttribute("visibility", "visible");
      track.readout.textContent = track.places.map((column) => cells[column].textContent).join(" · ");
    }
    const time = row.querySelector("th").textContent;
    this.shown.textContent = time;
    const measured = this.headings.map((heading, column) => `${heading.textContent} ${cells[column].textContent}`);
    this.slider.setAttribute("aria-valuetext", `${time}: ${measured.join(", ")}`);
    this.rows.forEach((one) => one.toggleAttribute("data-here", one === row));
  }
}

for (const timeline of document.querySelectorAll("[data-timeline]")) new Crosshair(timeline);
