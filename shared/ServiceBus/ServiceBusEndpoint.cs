using System.Data.Common;

namespace CtSeg.ServiceBus;

/// <summary>Where a namespace is reached, and how.</summary>
internal sealed record ServiceBusEndpoint(string Host, int Port, bool UseTls)
{
    public const int TlsPort = 5671;
    public const int PlainPort = 5672;

    /// <returns>The name under which tokens are issued for an entity.</returns>
    public string Audience(string path) => $"sb://{Host}/{path}";
}

/// <summary>A connection string of Service Bus: an endpoint and a shared access key.</summary>
internal sealed record ServiceBusConnectionString(ServiceBusEndpoint Endpoint, string KeyName, string Key)
{
    private const string Shape = "Endpoint=sb://{namespace}.servicebus.windows.net/;SharedAccessKeyName={name};SharedAccessKey={key}";

    /// <exception cref="FormatException">It lacks a part or is no connection string. The message does not repeat the key.</exception>
    public static ServiceBusConnectionString Parse(string text)
    {
        DbConnectionStringBuilder parts;
        try
        {
            parts = new DbConnectionStringBuilder { ConnectionString = text };
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"The Service Bus connection string is not made of Name=Value pairs: write it as {Shape}.", e);
        }
        if (!Uri.TryCreate(Part(parts, "Endpoint"), UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            throw new FormatException($"The Endpoint of the Service Bus connection string is not an address: write it as {Shape}.");
        var isEmulator = parts.TryGetValue("UseDevelopmentEmulator", out var flag) && bool.TryParse(flag.ToString(), out var value) && value;
        var port = uri.Port > 0 ? uri.Port : isEmulator ? ServiceBusEndpoint.PlainPort : ServiceBusEndpoint.TlsPort;
        return new ServiceBusConnectionString(
            new ServiceBusEndpoint(uri.Host, port, UseTls: !isEmulator), Part(parts, "SharedAccessKeyName"), Part(parts, "SharedAccessKey"));
    }

    private static string Part(DbConnectionStringBuilder parts, string name) =>
        parts.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text
            ? text
            : throw new FormatException($"The Service Bus connection string lacks {name}: write it as {Shape}.");
}
