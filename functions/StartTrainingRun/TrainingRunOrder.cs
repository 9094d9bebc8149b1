using System.Text.Json;
using System.Text.Json.Serialization;
using CtSeg.Models;
using CtSeg.TrainingRuns;

namespace CtSeg.Functions;

/// <summary>The body of <c>POST /api/training-runs</c>; everything may be left out.</summary>
internal sealed record TrainingRunOrder
{
    private const string By = "api";
    private const string Known = "fromScratch, epochs, minutes, evenWithoutNewData, shadow (share, slices, minSlices, hours, maxDisagreement) and promotion (margin, level, minGroups)";

    public bool FromScratch { get; init; }
    public int? Epochs { get; init; }
    public double? Minutes { get; init; }
    public bool EvenWithoutNewData { get; init; }
    public ShadowTerms? Shadow { get; init; }
    public PromotionTerms? Promotion { get; init; }

    /// <param name="problem">One sentence: what is wrong and what to send; null where the body holds.</param>
    public static TrainingRunRequest? Parse(string? body, out string? problem)
    {
        try
        {
            var order = string.IsNullOrWhiteSpace(body) ? new TrainingRunOrder() : JsonSerializer.Deserialize(body, OrderJson.Default.TrainingRunOrder);
            problem = order is null ? $"The body is null: send nothing, or a JSON object of {Known}." : null;
            var request = order?.ToRequest();
            if (request is not null && TrainingRunTerms.ProblemsOf(request) is { Count: > 0 } problems)
                problem = string.Join(' ', problems.Select(one => char.ToUpperInvariant(one[0]) + one[1..]));
            return problem is null ? request : null;
        }
        catch (JsonException e)
        {
            problem = e.Path is { Length: > 0 } path and not "$"
                ? $"'{path}' of the body is unknown or has the wrong form: the body may hold {Known}."
                : $"The body is no JSON object: send nothing, or one of {Known}.";
            return null;
        }
    }

    private TrainingRunRequest ToRequest() => new(By)
    {
        FromScratch = FromScratch,
        Epochs = Epochs,
        Minutes = Minutes,
        EvenWithoutNewData = EvenWithoutNewData,
        Shadow = Shadow,
        Promotion = Promotion ?? new PromotionTerms(),
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TrainingRunOrder))]
internal sealed partial class OrderJson : JsonSerializerContext;
