/// What the families call the tensors of their vision transformers, as their published files have them.
extension VisionTransformer.Names {
    /// CLIP's image tower, `CLIPVisionModel`. The norm's name is misspelt there.
    public static let clip = VisionTransformer.Names(
        patches: "embeddings.patch_embedding", patchesHaveBias: false,
        classToken: ("embeddings.class_embedding", []), positions: ("embeddings.position_embedding.weight", []),
        firstNorm: "pre_layrnorm", layers: "encoder.layers", layer: .clip, lastNorm: "post_layernorm")

    /// SigLIP's image tower, `SiglipVisionModel`.
    public static let siglip = VisionTransformer.Names(
        patches: "embeddings.patch_embedding", positions: ("embeddings.position_embedding.weight", []),
        layers: "encoder.layers", layer: .clip, lastNorm: "post_layernorm")

    /// BLIP's image tower, `BlipVisionModel`.
    public static let blip = VisionTransformer.Names(
        patches: "embeddings.patch_embedding", classToken: ("embeddings.class_embedding", [1, 1]),
        positions: ("embeddings.position_embedding", [1]), layers: "encoder.layers",
        layer: PreNormLayer.Names(
            attentionNorm: "layer_norm1",
            attention: SelfAttention.Names(queryKeyValue: "self_attn.qkv", output: "self_attn.projection"),
            feedForwardNorm: "layer_norm2", up: "mlp.fc1", down: "mlp.fc2"),
        lastNorm: "post_layernorm")

    /// `ViTModel`.
    public static let vit = VisionTransformer.Names(
        patches: "embeddings.patch_embeddings.projection", classToken: ("embeddings.cls_token", [1, 1]),
        positions: ("embeddings.position_embeddings", [1]), layers: "encoder.layer",
        layer: PreNormLayer.Names(
            attentionNorm: "layernorm_before",
            attention: SelfAttention.Names(
                query: "attention.attention.query", key: "attention.attention.key", value: "attention.attention.value",
                output: "attention.output.dense"),
            feedForwardNorm: "layernorm_after", up: "intermediate.dense", down: "output.dense"),
        lastNorm: "layernorm")

    /// `Dinov2Model`, whose feed-forward layers have other names where they are gated.
    public static func dinov2(isGated: Bool) -> VisionTransformer.Names {
        VisionTransformer.Names(
            patches: "embeddings.patch_embeddings.projection", classToken: ("embeddings.cls_token", [1, 1]),
            positions: ("embeddings.position_embeddings", [1]), layers: "encoder.layer",
            layer: PreNormLayer.Names(
                attentionNorm: "norm1",
                attention: SelfAttention.Names(
                    query: "attention.attention.query", key: "attention.attention.key",
                    value: "attention.attention.value", output: "attention.output.dense"),
                attentionScale: "layer_scale1.lambda1", feedForwardNorm: "norm2",
                up: isGated ? "mlp.weights_in" : "mlp.fc1", down: isGated ? "mlp.weights_out" : "mlp.fc2",
                feedForwardScale: "layer_scale2.lambda1"),
            lastNorm: "layernorm")
    }
}

extension PreNormLayer.Names {
    /// The layers of both towers of CLIP and SigLIP.
    static let clip = PreNormLayer.Names(
        attentionNorm: "layer_norm1",
        attention: SelfAttention.Names(
            query: "self_attn.q_proj", key: "self_attn.k_proj", value: "self_attn.v_proj", output: "self_attn.out_proj"),
        feedForwardNorm: "layer_norm2", up: "mlp.fc1", down: "mlp.fc2")
}
