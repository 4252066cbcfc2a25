/**
 * The length that SkyRL's JAX engine pads a sequence to: at least 32, then rounded up to two significant binary digits (32, 48, 64, 96,
 * 128, …). Each length is compiled once. Source: `round_up_seq_len` of skyrl 0.4.0.
 */
export function paddedLength(length: number): number {
  if (length <= 32) return 32;
  const top = 2 ** Math.floor(Math.log2(length));
  const step = top / 2;
  return Math.ceil(length / step) * step;
}
