using System.Globalization;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Local.Processes;
using CtSeg.Local.Stack;
using CtSeg.Models;

namespace CtSeg.Local.Bench;

/// <summary>Two models to seed a stack with, of which the first one serves.</summary>
/// <param name="Folder">With one folder a version and <c>current.json</c>.</param>
internal sealed record BenchModels(string Folder, ServedModel First, ServedModel Second)
{
    /// <param name="model">Folder of the first one; an untrained small one unless given. The second one is untrained and small.</param>
    /// <exception cref="StartFailedException">A model could not be made.</exception>
    public static async Task<BenchModels> MakeAsync(Checkout checkout, string? model, string folder, CancellationToken cancellationToken)
    {
        var first = model is null ? await NewAsync(checkout, folder, "bench-a", 1, cancellationToken) : Copy(model, folder);
        var second = await NewAsync(checkout, folder, "bench-b", 2, cancellationToken);
        var current = new CurrentModel(first.Version, first.WeightsSha256);
        await File.WriteAllBytesAsync(Path.Combine(folder, BlobPaths.CurrentModel), JsonSerializer.SerializeToUtf8Bytes(current, ModelsJson.Default.CurrentModel), cancellationToken);
        return new BenchModels(folder, first, second);
    }

    private static async Task<ServedModel> NewAsync(Checkout checkout, string folder, string version, int seed, CancellationToken cancellationToken)
    {
        List<string> arguments = ["new-model", "--out", Path.Combine(folder, version), "--seed", seed.ToString(CultureInfo.InvariantCulture)];
        await using var program = ChildProcess.Start(new ChildCommand("new-model", checkout.JobProgram, arguments, Path.Combine(folder, "new-model.log")));
        if (await program.Exited.WaitAsync(cancellationToken) is not 0 and var code)
            throw new StartFailedException($"new-model ended with code {code}: {File.ReadLines(program.Command.LogFile).LastOrDefault()}");
        return Describe(Path.Combine(folder, version));
    }

    private static ServedModel Copy(string model, string folder)
    {
        var described = Read(model);
        var target = Path.Combine(folder, described.Version);
        Directory.CreateDirectory(target);
        foreach (var file in Directory.GetFiles(model))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        return Describe(target);
    }

    /// <summary>A run learns only where it is known what the model in use has seen: the models here have seen none of the drawn slices.</summary>
    private static ServedModel Describe(string folder)
    {
        var manifest = Read(folder);
        var file = Path.Combine(folder, Path.GetFileName(BlobPaths.ModelTrainedOn(manifest.Version)));
        if (!File.Exists(file))
            File.WriteAllBytes(file, JsonSerializer.SerializeToUtf8Bytes(new TrainedOn(manifest.Version, null, [], []), ModelsJson.Default.TrainedOn));
        return new ServedModel(manifest.Version, manifest.WeightsSha256);
    }

    private static ModelManifest Read(string folder)
    {
        var file = Path.Combine(folder, Path.GetFileName(BlobPaths.ModelCard("any")));
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), ModelsJson.Default.ModelManifest)
                ?? throw new StartFailedException($"{file} is no manifest of a model.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartFailedException($"{file} cannot be read: give the folder of a model.", e);
        }
    }
}
