using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.Measurements;

namespace CtSeg.Functions.Tests;

internal static class Samples
{
    public static readonly ScanId Scan = ScanId.Parse("0011223344556677");

    public static ScanMetrics Metrics(ScanId scan, int attempt) => new(
        scan, ScanEvents.IdOf(scan, attempt), "a.png", new string('a', 64), 512, 512,
        [new LesionMeasurement("consolidation", 12, 0.1, null)], new ModelReference("v7", new string('b', 64)),
        new PreprocessingSteps("grey", "area", 369, 369), new StageDurations(1, 2), Handler.Start.UtcDateTime);

    /// <summary>As the host hands a message over: JSON text of a string inside a string.</summary>
    public static string MessageBody(string binding, string message, string metadata = "{}") =>
        $$"""{"Data":{"{{binding}}":{{JsonSerializer.Serialize(JsonSerializer.Serialize(message))}}},"Metadata":{{metadata}}}""";

    public static string RequestOf(ScanId scan, int attempt, string? traceParent = null) => JsonSerializer.Serialize(
        ScanEvents.Requested(scan, attempt, "/test", Handler.Start.UtcDateTime, traceParent), ContractsJson.Default.CloudEventSegmentationRequested);
}
