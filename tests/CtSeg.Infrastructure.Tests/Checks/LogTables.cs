namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Tables of a Log Analytics workspace that alerts ask, with their columns (learn.microsoft.com/azure/azure-monitor/reference/tables).</summary>
internal static class LogTables
{
    /// <summary>
    /// Without Type, which no query may use: the page of ContainerAppSystemLogs calls it the severity, that of the standard columns the name of the table, and nobody
    /// here has seen which is true.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> Columns = new Dictionary<string, IReadOnlyList<string>>
    {
        ["AppMetrics"] =
        [
            "AppRoleInstance", "AppRoleName", "AppVersion", "ClientBrowser", "ClientCity", "ClientCountryOrRegion", "ClientIP", "ClientModel", "ClientOS", "ClientStateOrProvince",
            "ClientType", "IKey", "ItemCount", "Max", "Min", "Name", "OperationId", "OperationName", "ParentId", "Properties", "ResourceGUID", "SDKVersion", "SessionId",
            "SourceSystem", "Sum", "SyntheticSource", "TenantId", "TimeGenerated", "UserAccountId", "UserAuthenticatedId", "UserId", "_BilledSize", "_IsBillable", "_ResourceId",
            "_SubscriptionId",
        ],
        ["ContainerAppSystemLogs"] =
        [
            "ComponentName", "ComponentType", "ContainerAppName", "ContainerName", "Count", "EnvironmentName", "EventSource", "JobName", "Location", "Log", "OperationName",
            "Reason", "ReplicaName", "RevisionName", "SourceSystem", "TenantId", "TimeGenerated", "_BilledSize", "_IsBillable", "_ResourceId", "_SubscriptionId",
        ],
    };
}
