/** Sizes of a Llama-architecture model. */
export interface LlamaShape {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly contextLength: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  /** Whether the output layer is the embedding. */
  readonly tied: boolean;
}

export interface LlamaIds {
  readonly bos: number | null;
  readonly eos: number;
  readonly pad: number;
}

/** `config.json` of a Llama model with float32 weights, in the transformers library's form. */
export function llamaConfig(shape: LlamaShape, ids: LlamaIds): object {
  return {
    architectures: ["LlamaForCausalLM"],
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: ids.bos,
    eos_token_id: ids.eos,
    pad_token_id: ids.pad,
    head_dim: shape.headSize,
    hidden_act: "silu",
    hidden_size: shape.hidden,
    intermediate_size: shape.intermediate,
    max_position_embeddings: shape.contextLength,
    mlp_bias: false,
    model_type: "llama",
    num_attention_heads: shape.heads,
    num_hidden_layers: shape.layers,
    num_key_value_heads: shape.kvHeads,
    pretraining_tp: 1,
    rms_norm_eps: shape.normEpsilon,
    rope_scaling: null,
    rope_theta: shape.ropeTheta,
    tie_word_embeddings: shape.tied,
    torch_dtype: "float32",
    use_cache: true,
    vocab_size: shape.vocabulary,
  };
}

/** Names and shapes of a Llama model's tensors, as the transformers library names them. */
export function llamaTensors(shape: LlamaShape): { name: string; shape: [number] | [number, number] }[] {
  const { hidden, intermediate, heads, kvHeads, headSize, vocabulary } = shape;
  const layer = (index: number): { name: string; shape: [number] | [number, number] }[] => {
    const at = `model.layers.${index}`;
    return [
      { name: `${at}.input_layernorm.weight`, shape: [hidden] },
      { name: `${at}.self_attn.q_proj.weight`, shape: [heads * headSize, hidden] },
      { name: `${at}.self_attn.k_proj.weight`, shape: [kvHeads * headSize, hidden] },
      { name: `${at}.self_attn.v_proj.weight`, shape: [kvHeads * headSize, hidden] },
      { name: `${at}.self_attn.o_proj.weight`, shape: [hidden, heads * headSize] },
      { name: `${at}.post_attention_layernorm.weight`, shape: [hidden] },
      { name: `${at}.mlp.gate_proj.weight`, shape: [intermediate, hidden] },
      { name: `${at}.mlp.up_proj.weight`, shape: [intermediate, hidden] },
      { name: `${at}.mlp.down_proj.weight`, shape: [hidden, intermediate] },
    ];
  };
  return [
    { name: "model.embed_tokens.weight", shape: [vocabulary, hidden] },
    ...Array.from({ length: shape.layers }, (_, index) => layer(index)).flat(),
    { name: "model.norm.weight", shape: [hidden] },
    ...(shape.tied ? [] : [{ name: "lm_head.weight", shape: [vocabulary, hidden] as [number, number] }]),
  ];
}
