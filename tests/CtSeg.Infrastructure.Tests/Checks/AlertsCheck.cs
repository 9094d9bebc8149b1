using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using CtSeg.Contracts;
using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Telemetry;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>There is an alert for everything that needs an operator, and somebody hears it.</summary>
internal sealed partial class AlertsCheck : TemplateCheck
{
    private static readonly string[] Needed =
    [
        "dead-letters", "untaken-uploads", "untaken-trainings", "refused-events", "given-up-events", "lost-events", "poisoned-uploads",
        "functions-silent", "oldest-message", "failed-scans", "job-failures", "models-refused",
    ];

    private static readonly HashSet<string> Metrics =
        [.. typeof(Meters).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetValue(null)!)];

    /// <summary>Words of the query language that the queries use.</summary>
    private static readonly HashSet<string> Language = ["and", "bin", "by", "coalesce", "contains", "extend", "iff", "in", "max", "max_of", "or", "project", "sum", "sumif", "summarize", "tostring", "where"];

    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
    {
        var alerts = AlertsOf(deployment);
        return Needed.Where(name => !alerts.Any(alert => alert.Name.StartsWith($"alert-{name}-", StringComparison.Ordinal))).Select(name => $"There is no alert {name}.")
            .Concat(alerts.Where(alert => alert.Text("properties", "enabled") != "true").Select(alert => $"{alert.Name} is switched off."))
            .Concat(alerts.SelectMany(alert => MetricPattern().Matches($"{alert.Text("properties", "criteria")}").Select(metric => metric.Value).Where(metric => !Metrics.Contains(metric))
                .Select(metric => $"{alert.Name} looks at {metric}, which nobody sends.")))
            .Concat(alerts.Where(alert => alert.Text("properties", "actions") is not { } actions || !actions.Contains("actionGroups", StringComparison.Ordinal)).Select(alert => $"{alert.Name} tells nobody."))
            .Concat(Queries(template, alerts))
            .Concat(alerts.SelectMany(Columns))
            .Concat(deployment.Parameters is "prod" or "private" && !deployment.OfType("Microsoft.Consumption/budgets").Any() ? ["There is no budget."] : [])
            .Concat(deployment.Parameters is "prod" or "private" && deployment.OfType("Microsoft.Insights/actionGroups").Any(group => group.Text("properties", "enabled") != "true") ? ["Nobody hears the alerts."] : []);
    });

    private static List<Resource> AlertsOf(Deployment deployment) => [.. deployment.OfType("Microsoft.Insights/metricAlerts"), .. deployment.OfType("Microsoft.Insights/scheduledQueryRules")];

    /// <summary>What a query must not leave out, nor take in.</summary>
    private static IEnumerable<string> Queries(Template template, List<Resource> alerts)
    {
        // What is no longer told cannot be found by a look for it.
        if (CriterionOf("functions-silent", "operator") != "LessThan" || !QueryOf("functions-silent").Contains(Meters.ScansWaiting, StringComparison.Ordinal))
            yield return "Nobody hears that the functions do not run.";
        // A training request that was given back is as old as its training.
        if (!QueryOf("oldest-message").Contains($"(Name == \"{Meters.QueueAge}\" and tostring(Properties[\"{TelemetryAttributes.Destination}\"]) == \"{Queues.SegmentationRequests}\")", StringComparison.Ordinal))
            yield return "Messages of any queue count as old.";
        // The exporter sends a gauge as a value alone, of which a maximum is not certain to be made.
        if (!QueryOf("oldest-message").Contains("coalesce(Max", StringComparison.Ordinal) || !QueryOf("oldest-message").Contains("Sum", StringComparison.Ordinal))
            yield return "The age is taken from the maximum alone, which a gauge may not have.";
        // As the program counts them.
        if (!QueryOf("failed-scans").Contains($"Name == \"{Meters.ScansEnded}\"", StringComparison.Ordinal)
            || !QueryOf("failed-scans").Contains($"State = tostring(Properties[\"{TelemetryAttributes.State}\"])", StringComparison.Ordinal))
            yield return $"Scans that failed are not told by the attribute {TelemetryAttributes.State} of {Meters.ScansEnded}.";
        if (!QueryOf("failed-scans").Contains($"State == \"{Meters.NameOf(ScanState.Failed)}\"", StringComparison.Ordinal))
            yield return $"The state of scans that failed is not '{Meters.NameOf(ScanState.Failed)}'.";
        using var events = JsonDocument.Parse(template.Read("modules/job-events.json"));
        foreach (var reason in events.RootElement.GetProperty("failures").EnumerateObject())
        {
            if (!QueryOf("job-failures").Contains($"\"{reason.Name}\"", StringComparison.Ordinal))
                yield return $"Nobody hears of {reason.Name}.";
            if (!Source().IsMatch(reason.Value.GetString()!))
                yield return $"{reason.Name}: it is not said where that is from.";
        }
        var ended = events.RootElement.GetProperty("ended").GetString();
        if (!QueryOf("job-failures").Contains($"'{ended}'", StringComparison.Ordinal))
            yield return $"Nobody hears of containers that end with an error ({ended}).";

        string QueryOf(string alert) => CriterionOf(alert, "query") ?? "";

        string? CriterionOf(string alert, string property) =>
            alerts.SingleOrDefault(one => one.Name.StartsWith($"alert-{alert}-", StringComparison.Ordinal))?.Text("properties", "criteria", "allOf", "0", property);
    }

    /// <summary>A column that there is not ends a query with an error, which no alert tells.</summary>
    private static IEnumerable<string> Columns(Resource alert)
    {
        if (alert.Text("properties", "criteria", "allOf", "0", "query") is not { } query)
            return [];
        var text = Quoted().Replace(FormatText().Match(query) is { Success: true } format ? format.Groups["text"].Value : query, "");
        var words = Word().Matches(text).Select(word => word.Value).ToList();
        if (!LogTables.Columns.TryGetValue(words[0], out var columns))
            return [$"{alert.Name} asks the table {words[0]}, whose columns are not known here."];
        var made = Made().Matches(text).Select(word => word.Groups["name"].Value);
        return words.Skip(1).Except(Language).Except(made).Except(columns).Select(word => $"{alert.Name} asks for {word}, which is no column of {words[0]}.");
    }

    [GeneratedRegex(@"^\[format\('(?<text>([^']|'')*)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FormatText();

    [GeneratedRegex("\"[^\"]*\"", RegexOptions.None, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\b[A-Za-z_]\w*", RegexOptions.None, 1000)]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<name>[A-Za-z_]\w*) =(?![=~])", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Made();

    [GeneratedRegex(@"\((Kubernetes|KEDA), pkg/[a-z/]+\)$|\(Container Apps\)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Source();

    [GeneratedRegex(@"ctseg\.[a-z]+(\.[a-z]+)*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MetricPattern();
}
