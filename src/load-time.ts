/** When the bundle began to load: imported first, so that the measured activation includes the bundle's own evaluation. */
export const loadedAt = performance.now();
