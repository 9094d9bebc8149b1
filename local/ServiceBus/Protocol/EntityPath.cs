namespace CtSeg.Local.ServiceBus.Protocol;

/// <summary>Entity names out of addresses and audiences: <c>sb://host/queue/$management</c>, <c>/queue</c> and <c>queue</c> all name things below <c>queue</c>.</summary>
internal static class EntityPath
{
    public const string Cbs = "$cbs";
    private const string Management = "/$management";

    public static string Of(string address)
    {
        var path = Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? Uri.UnescapeDataString(uri.AbsolutePath) : address;
        return path.Trim('/');
    }

    public static bool IsManagement(string path, out string entity)
    {
        var isManagement = path.EndsWith(Management, StringComparison.OrdinalIgnoreCase);
        entity = isManagement ? path[..^Management.Length] : path;
        return isManagement;
    }

    /// <summary>Whether <paramref name="path"/> is <paramref name="root"/> or below it; everything is below the empty root.</summary>
    public static bool IsWithin(string path, string root) =>
        root.Length == 0
        || path.Equals(root, StringComparison.OrdinalIgnoreCase)
        || (path.StartsWith(root, StringComparison.OrdinalIgnoreCase) && path[root.Length] == '/');
}
