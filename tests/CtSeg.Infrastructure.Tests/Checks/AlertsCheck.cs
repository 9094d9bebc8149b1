using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>There is an alert for everything that needs an operator, and somebody hears it.</summary>
internal sealed class AlertsCheck : TemplateCheck
{
    private static readonly string[] Needed = ["dead-letters", "oldest-message", "failed-scans", "job-failures", "models-refused"];

    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
    {
        var alerts = deployment.OfType("Microsoft.Insights/metricAlerts").Concat(deployment.OfType("Microsoft.Insights/scheduledQueryRules")).ToList();
        return Needed.Where(name => !alerts.Any(alert => alert.Name.StartsWith($"alert-{name}-", StringComparison.Ordinal))).Select(name => $"There is no alert {name}.")
            .Concat(alerts.Where(alert => alert.Text("properties", "enabled") != "true").Select(alert => $"{alert.Name} is switched off."))
            .Concat(alerts.Where(alert => alert.Text("properties", "actions") is not { } actions || !actions.Contains("actionGroups", StringComparison.Ordinal)).Select(alert => $"{alert.Name} tells nobody."))
            .Concat(deployment.Parameters is "prod" or "private" && !deployment.OfType("Microsoft.Consumption/budgets").Any() ? ["There is no budget."] : [])
            .Concat(deployment.Parameters is "prod" or "private" && deployment.OfType("Microsoft.Insights/actionGroups").Any(group => group.Text("properties", "enabled") != "true") ? ["Nobody hears the alerts."] : []);
    });
}
