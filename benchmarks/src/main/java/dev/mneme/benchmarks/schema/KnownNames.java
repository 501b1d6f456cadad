package dev.mneme.benchmarks.schema;

import java.util.List;

/** Names that llama.cpp reads somewhere, beside those of the base files. */
final class KnownNames {

  /** Keys of every architecture, behind its name and a dot. */
  static final List<String> ARCHITECTURE_KEYS =
      words(
          """
          vocab_size attention.key_length attention.value_length attention.causal
          attention.clamp_kqv attention.max_alibi_bias attention.scale attention.sliding_window
          attention.sliding_window_pattern attention.layer_norm_epsilon
          attention.layer_norm_rms_epsilon attention.group_norm_epsilon
          attention.group_norm_groups attention.relative_buckets_count attention.q_lora_rank
          attention.kv_lora_rank attention.head_count_kv attention.key_length_swa
          attention.value_length_swa attention.key_length_mla attention.value_length_mla
          attention.shared_kv_layers attention.temperature_length attention.temperature_scale
          attention.output_scale attention.value_scale attention.recurrent_layers
          attention.rope_pattern attn_logit_softcapping final_logit_softcapping
          router_logit_softcapping embedding_scale residual_scale logit_scale
          decoder_start_token_id decoder_block_count embedding_length_out
          embedding_length_per_layer_input expert_count expert_used_count expert_shared_count
          expert_feed_forward_length expert_shared_feed_forward_length expert_gating_func
          expert_group_count expert_group_used_count expert_weights_norm expert_weights_scale
          moe_every_n_layers interleave_moe_layer_step leading_dense_block_count
          nextn_predict_layers num_loops block_size pooling_type rescale_every_n_layers
          rope.dimension_count rope.dimension_count_swa rope.dimension_sections rope.freq_base
          rope.freq_base_swa rope.scale_linear rope.scaling.type rope.scaling.factor
          rope.scaling.attn_factor rope.scaling.original_context_length rope.scaling.finetuned
          rope.scaling.alpha rope.scaling.yarn_log_multiplier rope.scaling.yarn_ext_factor
          rope.scaling.yarn_attn_factor rope.scaling.yarn_beta_fast rope.scaling.yarn_beta_slow
          ssm.conv_kernel ssm.inner_size ssm.state_size ssm.time_step_rank ssm.group_count
          ssm.dt_b_c_rms swin_norm tensor_data_layout token_shift_count time_mix_extra_dim
          time_decay_extra_dim use_parallel_residual wkv.head_size full_attention_interval
          hidden_activation swiglu_clamp_exp swiglu_clamp_shexp n_deepstack_layers
          features_length classifier.output_labels
          """);

  /** Keys of the file and its tokenizer. */
  static final List<String> FILE_KEYS =
      words(
          """
          general.type general.basename general.size_label general.license general.tags
          general.author general.source.url general.alignment general.file_type
          general.quantization_version general.base_model.count general.languages
          general.sampling.temp general.sampling.top_k
          split.no split.count split.tensors.count
          tokenizer.ggml.add_bos_token tokenizer.ggml.add_eos_token tokenizer.ggml.add_sep_token
          tokenizer.ggml.add_space_prefix tokenizer.ggml.remove_extra_whitespaces
          tokenizer.ggml.precompiled_charsmap tokenizer.ggml.token_type_count
          tokenizer.ggml.pre tokenizer.ggml.merges tokenizer.ggml.scores
          tokenizer.ggml.eot_token_id tokenizer.ggml.eom_token_id tokenizer.ggml.cls_token_id
          tokenizer.ggml.mask_token_id tokenizer.ggml.seperator_token_id
          tokenizer.ggml.padding_token_id tokenizer.ggml.fim_pre_token_id
          tokenizer.ggml.fim_suf_token_id tokenizer.ggml.fim_mid_token_id
          tokenizer.ggml.fim_pad_token_id tokenizer.ggml.fim_rep_token_id
          tokenizer.ggml.fim_sep_token_id tokenizer.ggml.prefix_token_id
          tokenizer.ggml.suffix_token_id tokenizer.ggml.middle_token_id
          tokenizer.ggml.eog_token_ids tokenizer.ggml.suppress_tokens
          tokenizer.ggml.normalizer.lowercase tokenizer.ggml.normalizer.strip_accents
          tokenizer.ggml.unknown_token_id tokenizer.huggingface.json tokenizer.rwkv.world
          tokenizer.chat_template tokenizer.chat_templates tokenizer.chat_template.tool_use
          adapter.type adapter.lora.alpha imatrix.datasets quantize.imatrix.file
          """);

  /** Tensors of the file. */
  static final List<String> TENSORS =
      words(
          """
          output.weight output.bias output_norm.weight output_norm.bias token_embd_norm.weight
          token_embd_norm.bias position_embd.weight token_types.weight rope_freqs.weight
          rope_factors_long.weight rope_factors_short.weight cls.weight output.scale
          """);

  /** Tensors of a block, behind its prefix. */
  static final List<String> BLOCK_TENSORS =
      words(
          """
          attn_q.bias attn_k.bias attn_v.bias attn_qkv.bias attn_output.bias attn_norm.bias
          attn_norm_2.weight attn_norm_2.bias attn_q_norm.weight attn_q_norm.bias
          attn_k_norm.weight attn_k_norm.bias attn_qkv.weight attn_q.weight attn_sinks.weight
          attn_gate.weight attn_rot_embd attn_output_norm.weight attn_sub_norm.weight
          post_attention_norm.weight post_ffw_norm.weight ffn_norm.bias ffn_gate.bias
          ffn_up.bias ffn_down.bias ffn_gate.weight ffn_act.scales ffn_sub_norm.weight
          ffn_gate_inp.weight ffn_gate_exps.weight ffn_up_exps.weight ffn_down_exps.weight
          ffn_gate_shexp.weight exp_probs_b.bias attn_q.scale attn_q.input_scale ffn_down.scale
          rope_freqs.weight layer_output_scale.weight layer_output_norm.weight ssm_conv1d.weight
          """);

  static final List<String> ARCHITECTURES =
      words(
          """
          llama deci falcon grok gpt2 gptj gptneox mpt baichuan starcoder refact bert nomic-bert
          jina-bert-v2 bloom stablelm qwen qwen2 qwen2moe qwen2vl qwen3 qwen3moe phi2 phi3 phimoe
          plamo codeshell orion internlm2 minicpm minicpm3 gemma gemma2 gemma3 gemma3n gemma4
          starcoder2 mamba mamba2 xverse command-r cohere2 dbrx olmo olmo2 olmoe openelm arctic
          deepseek deepseek2 chatglm glm4 glm4moe bitnet t5 t5encoder jais nemotron exaone exaone4
          rwkv6 rwkv6qwen2 rwkv7 granite granitemoe granitehybrid chameleon wavtokenizer-dec smollm3
          gpt-oss lfm2 llama4 ernie4_5 hunyuan-dense dots1 seed_oss apertus jamba falcon-h1 plamo2
          qwen3next mistral3 dream llada arcee pangu-embedded bailingmoe clip mneme ""
          """);

  private KnownNames() {}

  private static List<String> words(String text) {
    return List.of(text.strip().split("\\s+"));
  }
}
