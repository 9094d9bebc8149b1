using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CtSeg.Contracts;
using CtSeg.TrainingRuns;

namespace CtSeg.TrainingJob.Retraining;

/// <summary>Reads a message body as a <c>ctseg.training.requested.v1</c> event.</summary>
internal static class TrainingRequestReader
{
    /// <param name="problem">One sentence for the dead-letter queue.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> body, [NotNullWhen(true)] out CloudEvent<TrainingRequested>? request, [NotNullWhen(false)] out string? problem)
    {
        request = null;
        try
        {
            request = JsonSerializer.Deserialize(body, ContractsJson.Default.CloudEventTrainingRequested);
            problem = request is null ? "The body is null." : ProblemOf(request);
        }
        catch (JsonException)
        {
            // The text of the exception may quote the body.
            problem = $"The body is not a {EventTypes.TrainingRequested} event.";
        }
        return problem is null && request is not null;
    }

    private static string? ProblemOf(CloudEvent<TrainingRequested> request)
    {
        if (request.SpecVersion != "1.0" || request.Type != EventTypes.TrainingRequested)
            return $"The event is not a CloudEvents 1.0 event of type {EventTypes.TrainingRequested}.";
        var data = request.Data;
        return TrainingRunId.IsValid(data.RunId) && data.Attempt >= 1
            && request.Id == TrainingEvents.IdOf(data.RunId, data.Attempt) && request.Subject == data.RunId
            ? null
            : "Id, subject and data of the event do not agree.";
    }
}
