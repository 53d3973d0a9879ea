/** One camera picture as a JPEG that fits the server's limits. */

import { HEADER_BYTES } from "./sealing.js";

const LOWEST_QUALITY = 0.4;
const QUALITY_STEP = 0.15;
const SHRINK = 0.8;
const SMALLEST_SIDE_PX = 240;

/** Size in pixels that fits the limits, whichever way round the camera is held. Never enlarges. */
export function fitSize(width, height, limits) {
  const long = Math.max(limits.width, limits.height);
  const short = Math.min(limits.width, limits.height);
  const scale = Math.min(1, long / Math.max(width, height), short / Math.min(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/**
 * Turns the current picture of a video into a JPEG below `limits.max_frame_bytes` (header included).
 *
 * A picture that is too large is encoded again with lower quality, then smaller; what worked is kept for
 * the pictures that follow, so that a noisy camera does not cost two encodings per frame.
 */
export class FrameEncoder {
  constructor(limits) {
    this.limits = limits;
    this.quality = limits.jpeg_quality;
    this.scale = 1;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false });
  }

  /** @returns {Promise<ArrayBuffer|null>} null when the video has no picture or none fits the limit. */
  async encode(video) {
    if (!video.videoWidth) return null;
    let source = this.#draw(video);
    for (;;) {
      const blob = await this.#toJpeg();
      if (!blob) return null;
      if (blob.size + HEADER_BYTES <= this.limits.max_frame_bytes) return blob.arrayBuffer();
      if (this.quality > LOWEST_QUALITY) {
        this.quality = Math.max(LOWEST_QUALITY, this.quality - QUALITY_STEP);
        continue;
      }
      if (Math.min(source.width, source.height) * SHRINK < SMALLEST_SIDE_PX) return null;
      this.scale *= SHRINK;
      // Redrawn from the canvas itself: the video has moved on, and the capture time is already taken.
      source = await this.#shrink();
    }
  }

  #draw(video) {
    const fitted = fitSize(video.videoWidth, video.videoHeight, this.limits);
    const size = { width: Math.round(fitted.width * this.scale), height: Math.round(fitted.height * this.scale) };
    this.#resize(size);
    this.context.drawImage(video, 0, 0, size.width, size.height);
    return size;
  }

  async #shrink() {
    const size = {
      width: Math.round(this.canvas.width * SHRINK),
      height: Math.round(this.canvas.height * SHRINK),
    };
    const picture = await createImageBitmap(this.canvas);
    this.#resize(size);
    this.context.drawImage(picture, 0, 0, size.width, size.height);
    picture.close();
    return size;
  }

  #resize({ width, height }) {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  #toJpeg() {
    return new Promise((resolve) => this.canvas.toBlob(resolve, "image/jpeg", this.quality));
  }
}
