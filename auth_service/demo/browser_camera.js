/*
 * Run before a page's own scripts: the page's camera becomes a canvas that shows what `window.facegateCamera`
 * answers to the state of the page. That function is a binding of the browser's driver, not a request, so the
 * page's own content security policy needs no exception. The stream is a real MediaStream.
 */
(() => {
  const FRAME_INTERVAL_MS = 66;

  function screenState() {
    const root = document.documentElement;
    return {
      cue: document.querySelector("[data-cue]")?.dataset.cue ?? "",
      phase: document.querySelector("[data-phase]")?.dataset.phase ?? "",
      light: "lit" in root.dataset ? root.style.getPropertyValue("--light").trim() : "",
    };
  }

  async function picture() {
    const encoded = atob(await window.facegateCamera(screenState()));
    const bytes = Uint8Array.from(encoded, (letter) => letter.charCodeAt(0));
    return createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  }

  async function getUserMedia() {
    const canvas = document.createElement("canvas");
    canvas.width = 640;
    canvas.height = 480;
    const context = canvas.getContext("2d", { alpha: false });
    const stream = canvas.captureStream(30);
    const [track] = stream.getVideoTracks();
    let drawn = false;
    const begun = new Promise((resolve) => {
      (async function loop() {
        while (track.readyState === "live") {
          const since = performance.now();
          const bitmap = await picture();
          context.drawImage(bitmap, 0, 0);
          bitmap.close();
          if (!drawn) resolve();
          drawn = true;
          const rest = FRAME_INTERVAL_MS - (performance.now() - since);
          await new Promise((wake) => setTimeout(wake, Math.max(0, rest)));
        }
      })();
    });
    await begun;
    return stream;
  }

  Object.defineProperty(navigator.mediaDevices, "getUserMedia", { value: getUserMedia });
})();
