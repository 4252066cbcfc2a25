/**
 * Where SkyRL's own project is: its fsdp and megatron packages come from indexes that only its project file names, so those backends are
 * installed from a checkout, at the version that `trainer/jax` pins.
 */
export const skyrlSource = { repository: "https://github.com/NovaSky-AI/SkyRL", tag: "skyrl-v0.4.0" } as const;
