using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>Checks that a trusted key has signed the model of a folder.</summary>
internal static class SignedModelFolder
{
    public const string SignatureName = "signature.json";

    /// <summary>A loader that loads only such models.</summary>
    /// <param name="load">Checks that the weights are those that the manifest names, which is what is signed; throws <see cref="ModelRefusedException"/>.</param>
    /// <returns>Where no key is trusted, the loader as it is.</returns>
    public static Func<string, ISliceSegmenter> Only(TrustedKeys trusted, Func<string, ISliceSegmenter> load) => trusted.IsEmpty
        ? load
        : folder =>
        {
            Check(folder, trusted);
            return load(folder);
        };

    /// <exception cref="ModelRefusedException">No trusted key has signed it.</exception>
    public static void Check(string folder, TrustedKeys trusted)
    {
        try
        {
            var manifest = ModelFolder.ReadManifest(folder);
            var json = new BinaryData(File.ReadAllBytes(Path.Combine(folder, ModelFolder.ManifestName)));
            ModelSignatures.Verify(trusted, manifest.Version, Read(Path.Combine(folder, SignatureName)), json, manifest.WeightsSha256);
        }
        catch (Exception e) when (e is UntrustedModelException or ModelFolderException or IOException)
        {
            throw new ModelRefusedException(e.Message, e);
        }
    }

    private static ModelSignature? Read(string file)
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllBytes(file), ModelsJson.Default.ModelSignature) : null;
        }
        catch (JsonException e)
        {
            throw new ModelRefusedException($"{SignatureName} of a model cannot be read: sign the model again.", e);
        }
    }
}
