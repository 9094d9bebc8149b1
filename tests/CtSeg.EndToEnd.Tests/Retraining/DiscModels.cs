using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using CtSeg.EndToEnd.Tests.Harness;
using CtSeg.Models;

namespace CtSeg.EndToEnd.Tests.Retraining;

/// <summary>Small models that <c>ctseg-job train</c> made of discs, once for all tests: a good one, one that had too little time, and spoilt copies.</summary>
internal static class DiscModels
{
    private const int Slices = 16;
    private const string Recipe = """
        {
          "configuration": { "baseChannels": 4, "headChannels": 4, "attentionLevels": [3], "inputSide": 48 },
          "inputSize": 48, "batchSize": 4, "inputCheckSteps": 0, "scoreEvery": 0, "learningRate": 0.01, "averageDecay": 0.9
        }
        """;

    private static readonly Lazy<Task<string>> Trained = new(TrainAsync);

    /// <summary>Copies a model, as another version.</summary>
    /// <param name="models">A folder of models.</param>
    /// <param name="blindFor">A class that it never finds; 0 for none.</param>
    /// <param name="weak">Whether it is the one that had too little time.</param>
    public static async Task<ServedModel> CopyAsync(string models, string version, int blindFor = 0, bool weak = false)
    {
        var source = Path.Combine(await Trained.Value, weak ? "weak" : "good");
        var target = Directory.CreateDirectory(Path.Combine(models, version)).FullName;
        var weights = await File.ReadAllBytesAsync(Path.Combine(source, "weights.safetensors"));
        if (blindFor > 0)
            BinaryPrimitives.WriteSingleLittleEndian(weights.AsSpan(BiasOf(weights) + (sizeof(float) * blindFor)), -1000);
        var manifest = Read(Path.Combine(source, "model.json"), ModelsJson.Default.ModelManifest) with
        {
            Version = version, WeightsSha256 = Convert.ToHexStringLower(SHA256.HashData(weights)),
        };
        var trainedOn = Read(Path.Combine(source, "trained-on.json"), ModelsJson.Default.TrainedOn) with { Version = version };
        await File.WriteAllBytesAsync(Path.Combine(target, "weights.safetensors"), weights);
        await File.WriteAllBytesAsync(Path.Combine(target, "model.json"), JsonSerializer.SerializeToUtf8Bytes(manifest, ModelsJson.Default.ModelManifest));
        await File.WriteAllBytesAsync(Path.Combine(target, "trained-on.json"), JsonSerializer.SerializeToUtf8Bytes(trainedOn, ModelsJson.Default.TrainedOn));
        return new ServedModel(version, manifest.WeightsSha256);
    }

    /// <summary>Has a model of the folder serve in a storage that is seeded with it.</summary>
    public static Task ServeAsync(string models, ServedModel model) => File.WriteAllBytesAsync(
        Path.Combine(models, "current.json"), JsonSerializer.SerializeToUtf8Bytes(new CurrentModel(model.Version, model.WeightsSha256), ModelsJson.Default.CurrentModel));

    private static async Task<string> TrainAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ctseg-discs-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var data = DiscFolder.Write(Path.Combine(folder, "data"), Slices, seed: 99);
        var recipe = Path.Combine(folder, "recipe.json");
        await File.WriteAllTextAsync(recipe, Recipe);
        foreach (var (name, epochs) in new[] { ("good", "40"), ("weak", "10") })
        {
            using var training = CommandRun.OfJob(
                stack: null, "train", "--data", data, "--out", Path.Combine(folder, name), "--recipe", recipe, "--epochs", epochs, "--hold-out", "0", "--threads", "1");
            (await training.EndAsync()).ShouldBe(0, training.Said());
        }
        return folder;
    }

    /// <returns>Where the numbers of the last layer's bias begin in a file of weights (safetensors: eight bytes of length, a header in JSON, numbers).</returns>
    private static int BiasOf(byte[] weights)
    {
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(weights);
        using var header = JsonDocument.Parse(weights.AsMemory(sizeof(long), length));
        return sizeof(long) + length + header.RootElement.GetProperty("classifier.bias").GetProperty("data_offsets")[0].GetInt32();
    }

    private static T Read<T>(string file, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(file), type)!;
}
