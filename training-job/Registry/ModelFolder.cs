using System.Security.Cryptography;
using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.InputCheck;
using CtSeg.TrainingJob.Model;
using CtSeg.TrainingJob.WeightFiles;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Registry;

/// <summary>A model on disk: `model.json` and `weights.safetensors`.</summary>
internal static class ModelFolder
{
    public const string ManifestName = "model.json";
    public const string WeightsName = "weights.safetensors";
    public const string TrainedOnName = "trained-on.json";
    private const long MaxManifestBytes = 4 << 20;
    private const long MaxTrainedOnBytes = 256 << 20;
    private const long MaxWeightsBytes = 1L << 30;

    /// <summary>
    /// Loads the network of a folder, in evaluation mode, and what its input should look like. The caller disposes both.
    /// </summary>
    /// <exception cref="ModelFolderException">The folder holds no usable model; the message says why.</exception>
    public static LoadedModel Load(string folder)
    {
        var manifest = ReadManifest(folder);
        var weights = ReadBytes(Path.Combine(folder, WeightsName), MaxWeightsBytes);
        var hash = Convert.ToHexStringLower(SHA256.HashData(weights));
        if (hash != manifest.WeightsSha256)
            throw new ModelFolderException($"The weights in '{folder}' have the SHA-256 {hash}, {ManifestName} names {manifest.WeightsSha256}: fetch the model again.");
        return Build(folder, manifest, weights);
    }

    /// <summary>Loads a model of the storage, its hash checked already. The caller disposes both networks.</summary>
    /// <exception cref="ModelFolderException">It is no usable model.</exception>
    public static LoadedModel Load(ModelFiles files) => Build(files.Manifest.Version, files.Manifest, files.Weights.ToArray());

    /// <returns>Null where nobody noted what the model has learnt from.</returns>
    /// <exception cref="ModelFolderException">The note cannot be read or is another model's.</exception>
    public static TrainedOn? FindTrainedOn(string folder, string version)
    {
        var path = Path.Combine(folder, TrainedOnName);
        if (!File.Exists(path))
            return null;
        try
        {
            var trainedOn = JsonSerializer.Deserialize(ReadBytes(path, MaxTrainedOnBytes), ModelsJson.Default.TrainedOn);
            return trainedOn?.Version == version ? trainedOn : throw new ModelFolderException($"'{path}' is not about the model {version}: remove it, or make it anew by 'models trained-on'.");
        }
        catch (JsonException exception)
        {
            throw new ModelFolderException($"'{path}' cannot be read: {exception.Message}");
        }
    }

    /// <summary>Notes what the model of a folder has learnt from, before its manifest says that it is whole.</summary>
    public static void WriteTrainedOn(string folder, TrainedOn trainedOn)
    {
        Directory.CreateDirectory(folder);
        ReplaceFile(Path.Combine(folder, TrainedOnName), JsonSerializer.SerializeToUtf8Bytes(trainedOn, ModelsJson.Default.TrainedOn));
    }

    /// <exception cref="ModelFolderException">There is no readable manifest.</exception>
    public static ModelManifest ReadManifest(string folder)
    {
        var path = Path.Combine(folder, ManifestName);
        try
        {
            return JsonSerializer.Deserialize(ReadBytes(path, MaxManifestBytes), ModelsJson.Default.ModelManifest)
                ?? throw new ModelFolderException($"'{path}' is empty.");
        }
        catch (JsonException exception)
        {
            throw new ModelFolderException($"'{path}' cannot be read: {exception.Message}");
        }
    }

    /// <summary>Writes the weights first and the manifest last, so that a folder with a manifest is whole; one that was there is taken away before.</summary>
    /// <returns>The manifest as written, with the hash of the weights.</returns>
    public static ModelManifest Save(string folder, ModelManifest manifest, ResidualAttentionUNet network, InputCheckNetwork? inputCheck = null)
    {
        Directory.CreateDirectory(folder);
        var (written, json, weights) = Write(manifest, network, inputCheck);
        File.Delete(Path.Combine(folder, ManifestName));
        ReplaceFile(Path.Combine(folder, WeightsName), weights);
        ReplaceFile(Path.Combine(folder, ManifestName), json);
        return written;
    }

    /// <returns>The manifest with the hash of the weights, and the bytes of both files.</returns>
    public static (ModelManifest Manifest, byte[] Json, byte[] Weights) Write(ModelManifest manifest, ResidualAttentionUNet network, InputCheckNetwork? inputCheck)
    {
        var tensors = StateDictionary.Of(network).Concat(inputCheck?.ToTensors() ?? new Dictionary<string, Tensor>()).ToDictionary();
        var weights = Safetensors.Write(tensors, new Dictionary<string, string> { ["format"] = "pt" });
        var written = manifest with { WeightsSha256 = Convert.ToHexStringLower(SHA256.HashData(weights)) };
        return (written, JsonSerializer.SerializeToUtf8Bytes(written, ModelsJson.Default.ModelManifest), weights);
    }

    /// <summary>Writes beside the file and renames, so that no reader sees half of it, nor does one after a loss of power. What was there stays where that fails.</summary>
    public static void ReplaceFile(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".tmp";
        var file = new FileStream(temporary, FileMode.Create, FileAccess.Write);
        try
        {
            using (file)
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // On a full disk a part of a checkpoint would take what little there is.
            File.Delete(temporary);
            throw;
        }
    }

    private static LoadedModel Build(string folder, ModelManifest manifest, ReadOnlySpan<byte> weights)
    {
        ResidualAttentionUNet? network = null;
        try
        {
            network = new ResidualAttentionUNet(manifest.Configuration);
            var (tensors, _) = Safetensors.Read(weights);
            StateDictionary.Load(network, tensors.Where(pair => !InputCheckNetwork.Owns(pair.Key)).ToDictionary());
            network.eval();
            var inputCheck = InputCheckNetwork.FromTensors(tensors);
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
            return new LoadedModel(manifest, network, inputCheck);
        }
        catch (Exception exception) when (exception is WeightsFormatException or InvalidDataException)
        {
            network?.Dispose();
            throw new ModelFolderException($"The model in '{folder}' cannot be used: {exception.Message}");
        }
    }

    private static byte[] ReadBytes(string path, long limit)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new ModelFolderException($"'{path}' does not exist: give a folder with {ManifestName} and {WeightsName}.");
        if (file.Length > limit)
            throw new ModelFolderException($"'{path}' has {file.Length} bytes; {limit} are allowed.");
        return File.ReadAllBytes(path);
    }
}

/// <summary>What a model folder holds.</summary>
/// <param name="InputCheck">Null for a model that was not trained, or on too few slices.</param>
internal sealed record LoadedModel(ModelManifest Manifest, ResidualAttentionUNet Network, InputCheckNetwork? InputCheck);

/// <summary>A folder holds no usable model.</summary>
internal sealed class ModelFolderException(string message) : Exception(message);
