/** What can go wrong, under stable codes. Server codes are passed on unchanged. */

export class FacegateError extends Error {
  /**
   * @param {string} code    e.g. "camera_denied", "no_camera", "session_expired", "connection_lost"
   * @param {object} options `fatal`: the session is over for this page; `details`: what the server added
   */
  constructor(code, { message = code, fatal = true, details = {}, cause } = {}) {
    super(message, { cause });
    this.name = "FacegateError";
    this.code = code;
    this.fatal = fatal;
    this.details = details;
  }
}
