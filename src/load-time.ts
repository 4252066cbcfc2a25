/** When the bundle began to be evaluated: imported first, so that the measured activation includes all of it. */
export const loadedAt = performance.now();
