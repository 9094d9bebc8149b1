using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.TrainingJob.Consumer;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Tests.Consumer.Fakes;

/// <summary>Models in storage whose weights are a few bytes, and a loader of them that checks hashes as the real one does.</summary>
internal sealed class FakeModels(FakeBlobStorage storage)
{
    private readonly Dictionary<string, Func<FakeSegmenter>> _made = [];

    /// <value>Every segmenter that was loaded, in order.</value>
    public List<FakeSegmenter> Loaded { get; } = [];

    public static byte[] WeightsOf(string version) => Encoding.UTF8.GetBytes($"weights of {version}");

    public static ServedModel Named(string version) => new(version, Convert.ToHexStringLower(SHA256.HashData(WeightsOf(version))));

    /// <summary>With the hash of its manifest, as every move of the alias notes it.</summary>
    public static ServedModel Moved(string version) => Named(version) with { ManifestSha256 = Convert.ToHexStringLower(SHA256.HashData(ManifestOf(version))) };

    /// <param name="side">Of the pictures that the model is made for: another one makes other masks of the same weights.</param>
    public static byte[] ManifestOf(string version, string? weightsSha256 = null, int side = 369) => JsonSerializer.SerializeToUtf8Bytes(
        new ModelManifest
        {
            Version = version,
            CreatedUtc = new DateTime(2026, 11, 23, 0, 0, 0, DateTimeKind.Utc),
            Configuration = new ModelConfiguration(),
            Classes = ["background", "ground-glass-opacity", "consolidation", "pleural-effusion"],
            Preprocessing = new ModelPreprocessing(side, side, "area", "grey"),
            WeightsSha256 = weightsSha256 ?? Named(version).WeightsSha256,
            WeightsLicence = "MIT",
        },
        ModelsJson.Default.ModelManifest);

    /// <param name="make">The segmenter behind the files; one that works unless given. Its model's name is set here.</param>
    public async Task PublishAsync(string version, Func<FakeSegmenter>? make = null)
    {
        _made[version] = make ?? (() => new FakeSegmenter());
        await PutAsync(BlobPaths.ModelWeights(version), WeightsOf(version));
        await PutAsync(BlobPaths.ModelCard(version), ManifestOf(version));
    }

    public Task PointAsync(string version) => PointAsync(Named(version));

    /// <param name="before">The models that served before, the last one last.</param>
    public Task PointAsync(ServedModel model, params IReadOnlyList<ServedModel> before)
    {
        var current = new CurrentModel(model.Version, model.WeightsSha256) { ManifestSha256 = model.ManifestSha256, Before = before.Count == 0 ? null : before };
        return PutAsync(BlobPaths.CurrentModel, JsonSerializer.SerializeToUtf8Bytes(current, ModelsJson.Default.CurrentModel));
    }

    public Task PutAsync(string blob, byte[] content) =>
        storage.Connect().GetBlobContainerClient(Containers.Models).GetBlobClient(blob).UploadAsync(new BinaryData(content), overwrite: true, TestContext.Current.CancellationToken);

    /// <summary>What a cache folder notes as the last model that served.</summary>
    public async Task<ServedModel?> NotedAsync(string cache) =>
        JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(cache, "last-served.json"), TestContext.Current.CancellationToken), ModelsJson.Default.ServedModel);

    public ISliceSegmenter Load(string folder)
    {
        var manifest = ModelFolder.ReadManifest(folder);
        var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, ModelFolder.WeightsName))));
        if (hash != manifest.WeightsSha256)
            throw new ModelRefusedException("The weights have another hash.");
        var segmenter = _made[manifest.Version]();
        segmenter.Model = new ModelReference(manifest.Version, manifest.WeightsSha256);
        lock (Loaded)
            Loaded.Add(segmenter);
        return segmenter;
    }
}
