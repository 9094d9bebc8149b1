using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CtSeg.TrainingJob.Registry;
using CtSeg.TrainingJob.WeightFiles;
using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Training;

/// <summary>The state of a run after an epoch, in one safetensors file that is replaced as a whole.</summary>
internal sealed record TrainingCheckpoint(
    TrainingHistory History,
    IReadOnlyDictionary<string, Tensor> Network,
    IReadOnlyDictionary<string, Tensor> Average,
    IReadOnlyDictionary<string, Tensor> First,
    IReadOnlyDictionary<string, Tensor> Second,
    IReadOnlyDictionary<string, long> Steps)
{
    public const string FileName = "checkpoint.safetensors";
    private const string HistoryName = "history";
    private const string StepsName = "steps";

    /// <summary>Why a run may not go on with the state of another: no training sees how its logits will be judged.</summary>
    /// <returns>The first option of another value; null where it may.</returns>
    public static string? FindDifference(TrainingOptions there, TrainingOptions here) => OptionPaths.FindDifference(
        there, here with { Configuration = here.Configuration with { ClassOffsets = there.Configuration.ClassOffsets, Temperature = there.Configuration.Temperature } });

    public void Save(string path) => ModelFolder.ReplaceFile(path, ToBytes());

    public byte[] ToBytes()
    {
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (prefix, part) in new[] { ("network.", Network), ("average.", Average), ("first.", First), ("second.", Second) })
        {
            foreach (var (name, tensor) in part)
                tensors[prefix + name] = tensor;
        }
        return Safetensors.Write(tensors, new Dictionary<string, string>
        {
            [HistoryName] = JsonSerializer.Serialize(History, TrainingJson.Default.TrainingHistory),
            [StepsName] = JsonSerializer.Serialize(Steps, TrainingJson.Default.IReadOnlyDictionaryStringInt64),
        });
    }

    /// <exception cref="WeightsFormatException">The file is damaged.</exception>
    public static TrainingCheckpoint Load(string path) => Parse(File.ReadAllBytes(path), path);

    /// <param name="source">For messages.</param>
    /// <exception cref="WeightsFormatException">The content is damaged.</exception>
    public static TrainingCheckpoint Parse(ReadOnlySpan<byte> content, string source)
    {
        var (tensors, metadata) = Safetensors.Read(content);
        return new TrainingCheckpoint(
            Read(HistoryName, TrainingJson.Default.TrainingHistory), Part("network."), Part("average."), Part("first."), Part("second."),
            Read(StepsName, TrainingJson.Default.IReadOnlyDictionaryStringInt64));

        IReadOnlyDictionary<string, Tensor> Part(string prefix) => tensors
            .Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value);

        T Read<T>(string name, JsonTypeInfo<T> type)
        {
            if (!metadata.TryGetValue(name, out var json))
                throw new WeightsFormatException($"'{source}' is not a checkpoint: it has no {name}.");
            try
            {
                return JsonSerializer.Deserialize(json, type) ?? throw new WeightsFormatException($"'{source}' is not a checkpoint: its {name} is empty.");
            }
            catch (JsonException)
            {
                throw new WeightsFormatException($"'{source}' is not a checkpoint: its {name} cannot be read.");
            }
        }
    }
}
