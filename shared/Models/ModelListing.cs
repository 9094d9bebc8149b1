namespace CtSeg.Models;

/// <summary>A model as lists show it.</summary>
/// <param name="Manifest">Null for one that cannot be used; then <paramref name="Damage"/> says why.</param>
/// <param name="KnowsItsData">Whether it says what it has learnt from; one that does not is compared with no other.</param>
/// <param name="IsSigned">Whether there is a signature; whose and of what is not checked.</param>
/// <param name="HoldsErasedData">Whether data that it saw were erased since.</param>
public sealed record ModelListing(string Version, ModelManifest? Manifest, string? Damage, bool KnowsItsData, bool IsSigned, bool HoldsErasedData);

/// <summary>The files of a model, their hashes checked.</summary>
/// <param name="ManifestJson">The bytes of <c>model.json</c>.</param>
/// <param name="Weights">The bytes of <c>weights.safetensors</c>.</param>
public sealed record ModelFiles(ModelManifest Manifest, BinaryData ManifestJson, BinaryData Weights);
