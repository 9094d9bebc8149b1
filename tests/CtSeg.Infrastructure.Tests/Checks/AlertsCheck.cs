using System.Reflection;
using System.Text.RegularExpressions;
using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Telemetry;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>There is an alert for everything that needs an operator, and somebody hears it.</summary>
internal sealed partial class AlertsCheck : TemplateCheck
{
    private static readonly string[] Needed = ["dead-letters", "oldest-message", "failed-scans", "job-failures", "models-refused"];

    private static readonly HashSet<string> Metrics =
        [.. typeof(Meters).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetValue(null)!)];

    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
    {
        var alerts = deployment.OfType("Microsoft.Insights/metricAlerts").Concat(deployment.OfType("Microsoft.Insights/scheduledQueryRules")).ToList();
        return Needed.Where(name => !alerts.Any(alert => alert.Name.StartsWith($"alert-{name}-", StringComparison.Ordinal))).Select(name => $"There is no alert {name}.")
            .Concat(alerts.Where(alert => alert.Text("properties", "enabled") != "true").Select(alert => $"{alert.Name} is switched off."))
            .Concat(alerts.SelectMany(alert => MetricPattern().Matches($"{alert.Text("properties", "criteria")}").Select(metric => metric.Value).Where(metric => !Metrics.Contains(metric))
                .Select(metric => $"{alert.Name} looks at {metric}, which nobody sends.")))
            .Concat(alerts.Where(alert => alert.Text("properties", "actions") is not { } actions || !actions.Contains("actionGroups", StringComparison.Ordinal)).Select(alert => $"{alert.Name} tells nobody."))
            .Concat(deployment.Parameters is "prod" or "private" && !deployment.OfType("Microsoft.Consumption/budgets").Any() ? ["There is no budget."] : [])
            .Concat(deployment.Parameters is "prod" or "private" && deployment.OfType("Microsoft.Insights/actionGroups").Any(group => group.Text("properties", "enabled") != "true") ? ["Nobody hears the alerts."] : []);
    });

    [GeneratedRegex(@"ctseg\.[a-z]+(\.[a-z]+)*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MetricPattern();
}
